/** What the app asks for: each operation goes with its purpose, a civil affair that the regulations know. */
export const PURPOSES = {
  /** Reading one's own records, and who looked at them. */
  records: 'own-records',
  /** Giving and withdrawing consents. */
  consents: 'own-records',
  /** Reporting that one has moved. */
  move: 'change-of-address',
};

/** The gateway, as seen from where the demo serves this app. A portal of its own gives its address, and is named in `server.origins`. */
export const GRAPH = '../graphql';

export function Consents() { return <h1 tabIndex={-1}>Consents</h1>; }

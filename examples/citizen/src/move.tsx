export function Move() { return <h1 tabIndex={-1}>Move</h1>; }

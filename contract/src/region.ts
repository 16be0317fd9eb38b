/** Where every function runs. The other places that name it: docs/operations.md, "Another region". */
export const REGION = 'us-central1';

export function showDiff(root, doc) {}

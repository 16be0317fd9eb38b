/** Edits the files that state a version. */

/** The text of a changeset, without its list of packages. */
export function bodyOf(changeset: string): string {
  return changeset.replace(/^---\n[^]*?\n---\n/, '').trim();
}

/** Adds a section to CHANGELOG.md, above the others. */
export function withSection(changelog: string, title: string, changes: readonly string[]): string {
  const items = changes.map((change) => `- ${change.replaceAll('\n', '\n  ')}`);
  const first = changelog.search(/^## /m);
  const at = first === -1 ? changelog.length : first;
  return `${changelog.slice(0, at)}## ${title}\n\n${items.join('\n')}\n\n${changelog.slice(at)}`;
}

/** Replaces the version in a package.json or an OpenAPI document: the first `version` in it. */
export function withVersion(text: string, version: string): string {
  const changed = text.replace(/^( *"?version"?: *"?)[\d.]+[^"\s]*/m, `$1${version}`);
  if (changed === text && !text.includes(version)) throw new Error('There is no version to replace.');
  return changed;
}

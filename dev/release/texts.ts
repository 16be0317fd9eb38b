/** Edits of the texts that carry a version. */

/** What a changeset says, without its list of packages. */
export function bodyOf(changeset: string): string {
  return changeset.replace(/^---\n[^]*?\n---\n/, '').trim();
}

/** CHANGELOG.md with a new section above the others. */
export function withSection(changelog: string, title: string, changes: readonly string[]): string {
  const items = changes.map((change) => `- ${change.replaceAll('\n', '\n  ')}`);
  const first = changelog.search(/^## /m);
  const at = first === -1 ? changelog.length : first;
  return `${changelog.slice(0, at)}## ${title}\n\n${items.join('\n')}\n\n${changelog.slice(at)}`;
}

/** A package.json or an OpenAPI document with another version: the first `version` that it names. */
export function withVersion(text: string, version: string): string {
  const changed = text.replace(/^( *"?version"?: *"?)[\d.]+[^"\s]*/m, `$1${version}`);
  if (changed === text && !text.includes(version)) throw new Error('There is no version to replace.');
  return changed;
}

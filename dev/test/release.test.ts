import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../paths.ts';
import { bodyOf, withSection, withVersion } from '../release/texts.ts';

describe('The next version', () => {
  it('gets a section of CHANGELOG.md, above the others, with what its changesets say', () => {
    const changeset = "---\n'offline-audio-sync-client': minor\n---\n\nThe client pauses.\nOn Wi-Fi only.\n";
    assert.equal(bodyOf(changeset), 'The client pauses.\nOn Wi-Fi only.');
    assert.equal(
      withSection('# Changelog\n\nText.\n\n## 1.0.0\n\n- a\n', '1.1.0', [bodyOf(changeset), 'b']),
      '# Changelog\n\nText.\n\n## 1.1.0\n\n- The client pauses.\n  On Wi-Fi only.\n- b\n\n## 1.0.0\n\n- a\n',
    );
  });

  it('is written into each file that names the present one', () => {
    for (const file of ['package.json', 'functions/package.json', 'docs/openapi.yaml']) {
      const text = readFileSync(path.join(ROOT, file), 'utf8');
      const changed = withVersion(text, '9.8.7-beta.1');
      assert.match(changed, /^ *"?version"?: *"?9\.8\.7-beta\.1"?,?$/m, file);
      assert.equal(changed.split('\n').filter((line) => !text.includes(line)).length, 1, file);
    }
  });
});

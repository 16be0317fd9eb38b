/** Publishes the kit in the release workflow, after the other packages, unless this version is published already. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { main } from '../main.ts';
import { run } from '../process.ts';
import { functionsManifest } from './dependencies.ts';
import { packKit } from './pack.ts';
import { KIT } from './names.ts';
import { STAGED, stageKit } from './stage.ts';

await main(async (signal) => {
  const { version } = functionsManifest();
  if (spawnSync('npm', ['view', `${KIT}@${version}`, 'version'], { encoding: 'utf8' }).stdout.trim() === version)
    return 0;
  await stageKit(STAGED, signal);
  const tarball = packKit(STAGED, path.dirname(STAGED));
  return run('npm', ['publish', tarball], { cwd: path.dirname(STAGED), signal });
});

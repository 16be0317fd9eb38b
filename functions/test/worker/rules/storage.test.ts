import { randomUUID } from 'node:crypto';
import { assertFails, assertSucceeds } from '@firebase/rules-unit-testing';
import type { RulesTestEnvironment } from '@firebase/rules-unit-testing';
import {
  deleteObject,
  getBytes,
  getDownloadURL,
  getMetadata,
  listAll,
  ref,
  updateMetadata,
  uploadBytes,
  uploadBytesResumable,
} from 'firebase/storage';
import type { FirebaseStorage, UploadMetadata } from 'firebase/storage';
import { RECORDING_EXTENSIONS } from 'offline-audio-sync-contract';
import { closeAfterAll } from '../../../../dev/test/closing.ts';
import { rulesEnvironment } from './environment.ts';

const NAME = 'audio_omi_opus_16000_1_fs160_1760000000.bin';
const BYTES = new Uint8Array([3, 0, 0, 0, 1, 2, 3]);

describe('Storage rules', () => {
  let environment: RulesTestEnvironment;
  let ann: FirebaseStorage;
  let bob: FirebaseStorage;
  let nobody: FirebaseStorage;

  const closing = closeAfterAll();
  before(async () => {
    environment = closing(await rulesEnvironment('storage'), (it) => it.cleanup());
    ann = environment.authenticatedContext('ann').storage();
    bob = environment.authenticatedContext('bob').storage();
    nobody = environment.unauthenticatedContext().storage();
  });

  // Each test has its own job, because clearStorage() clears only the root folder.
  let job = '';
  beforeEach(() => {
    job = `job_${randomUUID()}`;
  });

  const put = (storage: FirebaseStorage, path: string, bytes = BYTES) => uploadBytes(ref(storage, path), bytes);

  it('let the owner put a recording into a job', async () => {
    await assertSucceeds(put(ann, `uploads/ann/${job}/${NAME}`));
  });

  it('let only the owner play kept audio, and no user write or list it', async () => {
    const path = `audio/ann/${job}.ogg`;
    await environment.withSecurityRulesDisabled(async (context) => {
      await uploadBytes(ref(context.storage(), path), BYTES);
    });
    await assertSucceeds(getBytes(ref(ann, path)));
    await assertFails(getBytes(ref(bob, path)));
    await assertFails(getBytes(ref(nobody, path)));
    await assertFails(put(ann, path));
    await assertFails(deleteObject(ref(ann, path)));
    await assertFails(listAll(ref(ann, 'audio/ann')));
  });

  it('let the owner use the resumable protocol', async () => {
    await assertSucceeds(Promise.resolve(uploadBytesResumable(ref(ann, `uploads/ann/${job}/${NAME}`), BYTES)));
  });

  for (const name of [
    'ride_1760000000.WAV',
    'a b (1)_1760000000.m4a',
    'Aufnahme-für-später_1760000000.flac',
    ...RECORDING_EXTENSIONS.map((extension) => `x.${extension}`),
  ]) {
    it(`accept ${name}`, async () => {
      await assertSucceeds(put(ann, `uploads/ann/${job}/${name}`));
    });
  }

  const refused: Record<string, string> = {
    'another user’s folder': `uploads/bob/job-1/${NAME}`,
    'no job': `uploads/ann/${NAME}`,
    'a deeper folder': `uploads/ann/job-1/more/${NAME}`,
    'another folder': `downloads/ann/job-1/${NAME}`,
    'the root': NAME,
    'a job id with other characters': `uploads/ann/job 1/${NAME}`,
    'a job id that is too long': `uploads/ann/${'j'.repeat(129)}/${NAME}`,
    'another extension': 'uploads/ann/job-1/page_1760000000.html',
    'no extension': 'uploads/ann/job-1/bin',
    'an extension that only begins like ours': 'uploads/ann/job-1/x.binary',
    'a hidden file': 'uploads/ann/job-1/.bin',
    'a name that is too long': `uploads/ann/job-1/${'n'.repeat(197)}.bin`,
  };
  for (const [name, path] of Object.entries(refused)) {
    it(`deny ${name}`, async () => {
      await assertFails(put(ann, path));
    });
  }

  const putAs = (metadata: UploadMetadata) => uploadBytes(ref(ann, `uploads/ann/${job}/${NAME}`), BYTES, metadata);

  for (const contentType of [
    'application/octet-stream',
    'audio/wav',
    'audio/x-m4a',
    'audio/webm;codecs=opus',
    'audio/ogg; codecs=opus',
    'video/webm',
    'video/quicktime',
    'video/3gpp',
    'video/x-matroska',
    'Audio/MPEG',
    'application/macbinary',
  ]) {
    it(`accept the content type ${contentType}`, async () => {
      await assertSucceeds(putAs({ contentType }));
    });
  }

  for (const contentType of [
    'text/html',
    'TEXT/HTML; charset=utf-8',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/javascript',
    'application/xml',
    'application/pdf',
    'x audio/wav',
    'audio/',
    'audio/wav\ntext/html',
  ]) {
    it(`deny the content type ${JSON.stringify(contentType)}`, async () => {
      await assertFails(putAs({ contentType }));
    });
  }

  it('deny objects that Storage would decompress when they are read', async () => {
    await assertFails(putAs({ contentEncoding: 'gzip' }));
  });

  it('deny metadata that only the server sets, and accept any other', async () => {
    await assertFails(putAs({ customMetadata: { stagedBy: 'server' } }));
    await assertFails(putAs({ customMetadata: { stagedBy: 'me' } }));
    await assertSucceeds(putAs({ customMetadata: { app: 'mine' } }));
  });

  it('accept a name of the longest length that is allowed', async () => {
    await assertSucceeds(put(ann, `uploads/ann/${job}/${'n'.repeat(196)}.bin`));
  });

  it('deny an empty recording', async () => {
    await assertFails(put(ann, `uploads/ann/${job}/${NAME}`, new Uint8Array()));
  });

  it('deny uploads by others, signed in or not', async () => {
    for (const other of [bob, nobody]) await assertFails(put(other, `uploads/ann/${job}/${NAME}`));
  });

  it('deny everything except creating, even to the owner', async () => {
    await put(ann, `uploads/ann/${job}/${NAME}`);
    for (const storage of [ann, bob, nobody]) {
      const recording = ref(storage, `uploads/ann/${job}/${NAME}`);
      await assertFails(put(storage, recording.fullPath)); // replaces it
      await assertFails(getBytes(recording));
      await assertFails(getMetadata(recording));
      await assertFails(getDownloadURL(recording));
      await assertFails(updateMetadata(recording, { contentType: 'text/html' }));
      await assertFails(deleteObject(recording));
      await assertFails(listAll(ref(storage, `uploads/ann/${job}`)));
    }
  });
});

import assert from 'node:assert/strict';
import { chooseBinaries, prepareBinaries } from '../emulators/binaries.ts';
import { MissingPrerequisite } from '../prerequisites.ts';

const NOTHING = {
  cached: { firestore: null, storage: null, pubsub: null },
  cloudSdk: { firestoreJar: null, pubsubScript: null },
};
const CLOUD_SDK = { firestoreJar: '/sdk/firestore.jar', pubsubScript: '/sdk/pubsub' };

describe('Choice of emulator programs', () => {
  it("takes firebase-tools' own where they are downloaded already, even beside the Google Cloud CLI", () => {
    const cached = { firestore: '/c/f.jar', storage: '/c/s.jar', pubsub: '/c/p' };
    assert.deepEqual(chooseBinaries({ cached, cloudSdk: CLOUD_SDK }), {
      firestore: { kind: 'cached' },
      storage: { kind: 'cached' },
      pubsub: { kind: 'cached' },
    });
  });

  it("takes the Google Cloud CLI's where nothing is downloaded", () => {
    assert.deepEqual(chooseBinaries({ ...NOTHING, cloudSdk: CLOUD_SDK }), {
      firestore: { kind: 'cloud-sdk', from: '/sdk/firestore.jar' },
      storage: { kind: 'cloud-sdk', from: '/sdk/firestore.jar' },
      pubsub: { kind: 'cloud-sdk', from: '/sdk/pubsub' },
    });
  });

  it('leaves the download to firebase-tools where there is neither', () => {
    const kinds = Object.values(chooseBinaries(NOTHING)).map(({ kind }) => kind);
    assert.deepEqual(kinds, ['download', 'download', 'download']);
  });

  it('chooses for each emulator by itself', () => {
    const choices = chooseBinaries({ ...NOTHING, cached: { firestore: '/c/f.jar', storage: null, pubsub: null } });
    assert.deepEqual(choices, {
      firestore: { kind: 'cached' },
      storage: { kind: 'cloud-sdk', from: '/c/f.jar' }, // The rules engine is in any Firestore emulator.
      pubsub: { kind: 'download' },
    });
  });

  it('needs nothing of its own for cached and downloaded programs', () => {
    const runtime = { home: '/jre', major: 21, compiles: false };
    assert.deepEqual(prepareBinaries(chooseBinaries(NOTHING), runtime), {});
  });

  it('says how to get a compiler when only a Java runtime is there', () => {
    const runtime = { home: '/jre', major: 21, compiles: false };
    const choices = chooseBinaries({ ...NOTHING, cached: { firestore: '/c/f.jar', storage: null, pubsub: '/c/p' } });
    assert.throws(
      () => prepareBinaries(choices, runtime),
      (error) => {
        assert(error instanceof MissingPrerequisite);
        assert.match(error.message, /^\/jre is a Java runtime without a compiler.*install/);
        return true;
      },
    );
  });
});

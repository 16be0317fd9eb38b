import assert from 'node:assert/strict';
import { uploadedFiles } from '../kit/uploaded.ts';

describe('firebase deploy of this repository', () => {
  it('uploads the build, what it loads of models, and nothing else of functions/', async () => {
    const others = (await uploadedFiles()).filter(
      (file) => !/^lib\/|^models\/(README\.md|silero_vad_v6_sequence\.onnx|moonshine-.*)$|^README\.md$/.test(file),
    );
    assert.deepEqual(others, []);
  });
});

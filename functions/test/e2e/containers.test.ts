/** Ordinary audio files on the deployed functions, whose build must contain the sandbox and find it. */
import assert from 'node:assert/strict';
import { loadSamples, readRecording } from '../../../dev/samples/samples.ts';
import { decodeAll, ffmpeg, RATE, s16le } from '../support/audio.ts';
import { uploadFiles, waitForJob } from '../support/client.ts';
import { signUp } from '../support/suite.ts';

/** The signal is on the second of two tracks, and the first is silent. */
const ON_SECOND_TRACK = ['-f', 'lavfi', '-t', '5', '-i', 'anullsrc=r=16000:cl=mono', '-map', '1:a', '-map', '0:a'];

/** ffmpeg's arguments for each extension, between the input and the output. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  m4a: [...ON_SECOND_TRACK, '-c:a', 'aac', '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'],
  webm: ['-ar', '48000', '-c:a', 'libopus', '-f', 'webm'],
  ogg: ['-c:a', 'libopus', '-f', 'ogg'],
  mp3: ['-c:a', 'libmp3lame', '-f', 'mp3'],
  flac: ['-af', 'pan=stereo|c0=c0|c1=-1*c0', '-c:a', 'flac', '-f', 'flac'],
  wav: ['-f', 'wav'],
};

describe('Ordinary audio files, uploaded to the deployed functions', () => {
  it('are transcribed: their time is in the ledger, and none of it failed', async () => {
    const sample = loadSamples().find(({ recordings: [first] }) => first?.codec === 'opus');
    const [recording] = sample?.recordings ?? [];
    assert.ok(sample !== undefined && recording !== undefined);
    const format = { kind: 'framed', codec: 'opus', sampleRate: 16_000, channels: 1, frameSize: 160 } as const;
    const { pcm } = await decodeAll(readRecording(sample, recording), format);
    const input = ['-f', 's16le', '-ar', '16000', '-ac', '1', '-i', 'pipe:0'];
    const files = Object.entries(FILES).map(([extension, args], i) => ({
      name: `memo_${1_760_000_000 + 600 * i}.${extension}`,
      bytes: ffmpeg([...input, ...args, 'pipe:1'], s16le(pcm)),
    }));
    const { idToken } = await signUp();
    const { status, body } = await uploadFiles(idToken, files);
    assert.equal(status, 202, JSON.stringify(body));
    const job = await waitForJob(idToken, body.job_id);
    assert.equal(job.status, 'completed', JSON.stringify(job));
    const seconds = (pcm.length / RATE) * files.length;
    const { audio_seconds: audio, speech_seconds: speech, failed_seconds: failed } = job.ledger;
    assert.ok(Math.abs(audio - seconds) < 1 && speech > 0.3 * seconds && failed === 0, JSON.stringify(job.ledger));
    assert.deepEqual(job.failures, []);
  });
});

import assert from 'node:assert/strict';
import { listenWith } from '../../../src/audio/detect/listener.ts';
import type { Listener } from '../../../src/audio/detect/listener.ts';
import { BEAT_FRAMES, BEAT_SAMPLES, chunksIn, loud, LOUDNESS, quiet, record, scan, spansOf } from './beats.ts';

describe('scanning recordings', () => {
  it('stitches neighbours of one device up to two seconds apart into one run', async () => {
    const together = await scan([record('a', 0, loud(3)), record('b', 5, loud(3))]);
    assert.deepEqual(
      spansOf(together).map((spans) => spans.map(({ fileName }) => fileName)),
      [['a', 'b']],
    );
    const apart = await scan([record('a', 0, loud(3)), record('b', 6, loud(3))]);
    assert.equal(chunksIn(apart).length, 2);
  });

  it('reads a recording as what its bytes are, whatever its name claims', async () => {
    const { file, bytes } = record('a', 0, [false, true, false]);
    const named = { ...file, format: { ...file.format, codec: 'opus' } as typeof file.format };
    const events = await scan([{ file: named, bytes }]);
    const chunks = events.filter((event) => event.kind === 'chunk');
    assert.deepEqual(
      chunks.map((event) => event.file.format),
      [file.format],
    );
    const decoded = events.find((event) => event.kind === 'decoded');
    assert.deepEqual([decoded?.report.corruptFrames, decoded?.samples], [0, 3 * BEAT_SAMPLES]);
  });

  it('never stitches recordings of two devices', async () => {
    const events = await scan([record('a', 0, loud(3)), record('b', 3, loud(3), 'phone')]);
    assert.deepEqual(
      chunksIn(events).map(({ file }) => file.deviceId),
      ['omi', 'phone'],
    );
  });

  it('reports every recording before any chunk that contains a later one', async () => {
    const events = await scan([record('a', 0, loud(3)), record('b', 3, loud(3)), record('c', 60, loud(2))]);
    for (const [i, event] of events.entries()) {
      if (event.kind !== 'chunk') continue;
      const read = events.slice(0, i).flatMap((each) => (each.kind === 'decoded' ? each.file.name : []));
      for (const { fileName } of event.chunk.spans) assert.ok(read.includes(fileName), fileName);
    }
  });

  it('returns a chunk once the silence behind it is long enough, not when the run ends', async () => {
    const events = await scan([record('a', 0, [...loud(2), ...quiet(340)]), record('b', 342, quiet(10))]);
    const chunk = events.findIndex(({ kind }) => kind === 'chunk');
    const end = events.findIndex((event) => event.kind === 'decoded' && event.file.name === 'b');
    assert.ok(chunk >= 0 && chunk < end);
  });

  it('reports as soon as nothing of a recording is left to plan, even in silence', async () => {
    const events = await scan([record('a', 0, quiet(340)), record('b', 340, [...quiet(1), ...loud(2), ...quiet(20)])]);
    const lines = events.flatMap((event) => ('file' in event ? `${event.kind} ${event.file.name}` : []));
    assert.deepEqual(lines.toSorted(), ['chunk a', 'decoded a', 'decoded b', 'planned a', 'planned b']);
    assert.ok(lines.indexOf('planned a') < lines.indexOf('chunk a'));
    assert.equal(lines.at(-1), 'planned b');
  });

  it('reports a missing recording, and continues with the others', async () => {
    const events = await scan([record('gone', 0, loud(1)), record('b', 1, loud(2))], { missing: 'gone' });
    const lines = events.flatMap((event) => {
      if (event.kind === 'failed') return `failed ${event.file.name} ${event.error.code}`;
      return event.kind === 'decoded' ? `decoded ${event.file.name}` : [];
    });
    assert.deepEqual(lines, ['failed gone recording_missing', 'decoded b']);
    assert.equal(chunksIn(events).length, 1);
  });

  it('counts frames that the decoder refuses as lost, in their recording', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [0, BEAT_FRAMES, BEAT_FRAMES + 1] }),
    };
    const events = await scan([record('a', 0, loud(1)), record('b', 1, loud(2))], { listener: refusing });
    const reports = events.flatMap((event) => (event.kind === 'decoded' ? event.report : []));
    assert.deepEqual(
      reports.map(({ frames, corruptFrames, corruptSeconds }) => [frames, corruptFrames, corruptSeconds]),
      [
        [BEAT_FRAMES - 1, 1, 0.01],
        [2 * BEAT_FRAMES - 2, 2, 0.02],
      ],
    );
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map((span) => [span.fileName, span.firstFrame, span.endFrame])),
      [
        [
          ['a', 1, BEAT_FRAMES],
          ['b', 2, 2 * BEAT_FRAMES],
        ],
      ],
    );
  });

  it('reports why nothing is left of a recording whose frames the decoder refused', async () => {
    const plain = listenWith(LOUDNESS);
    const refusing: Listener = {
      parallel: 1,
      listen: async (passage) => ({ ...(await plain.listen(passage)), refused: [...passage.frames.keys()] }),
    };
    const [event] = await scan([record('a', 0, loud(1))], { listener: refusing });
    assert.ok(event?.kind === 'decoded');
    assert.deepEqual(
      [event.report.frames, event.report.corruptSeconds.toFixed(2), event.report.stoppedBecause],
      [0, '0.96', 'The decoder refused every frame.'],
    );
  });

  it('fails with the error of the listener', async () => {
    const listener: Listener = { parallel: 1, listen: () => Promise.reject(new Error('a thread ended')) };
    await assert.rejects(scan([record('a', 0, loud(70)), record('b', 1, loud(2))], { listener }), /a thread ended/);
  });

  it('has decoded everything before a recording when it says that it reads it, and cuts nothing for that', async () => {
    const heard: string[] = [];
    const plain = listenWith(LOUDNESS);
    let samples = 0;
    const listener: Listener = {
      parallel: 1,
      listen: async (passage) => {
        samples += passage.frames.reduce((sum, frame) => sum + frame.samples, 0);
        return plain.listen(passage);
      },
    };
    const recorded = [record('a', 0, loud(3)), record('b', 3, loud(3)), record('c', 6, loud(1))];
    const events = await scan(recorded, {
      listener,
      onReading: ({ name }) => Promise.resolve(void heard.push(`${name} after ${samples / BEAT_SAMPLES}`)),
    });
    assert.deepEqual(heard, ['a after 0', 'b after 3', 'c after 6']);
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map(({ fileName }) => fileName)),
      [['a', 'b', 'c']],
    );
  });

  it('leaves out what the transcription service refused', async () => {
    const a = record('a', 0, loud(4));
    const refused = [{ firstFrame: 0, endFrame: 2 * BEAT_FRAMES }];
    const events = await scan([{ ...a, file: { ...a.file, refused } }]);
    assert.deepEqual(
      spansOf(events).map((spans) => spans.map(({ firstFrame, endFrame }) => [firstFrame, endFrame])),
      [[[2 * BEAT_FRAMES, 4 * BEAT_FRAMES]]],
    );
  });
});

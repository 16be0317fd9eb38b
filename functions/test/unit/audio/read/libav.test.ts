import assert from 'node:assert/strict';
import { loadLibav } from '../../../../src/audio/read/containers/libav.ts';
import type { CompiledBuilds } from '../../../../src/audio/read/containers/libav.ts';

declare const WebAssembly: { compile: (code: Uint8Array) => Promise<object> };

describe('A build of libav.js', () => {
  const { compile } = WebAssembly;
  let times = 0;

  beforeEach(() => {
    times = 0;
    WebAssembly.compile = (code) => {
      times++;
      return compile(code);
    };
  });

  afterEach(() => {
    WebAssembly.compile = compile;
  });

  for (const variant of ['obsolete', 'fat'] as const)
    it(`(${variant}) is compiled once, and each load has its own memory`, async () => {
      const compiled: CompiledBuilds = new Map();
      const first = await loadLibav(variant, compiled);
      const second = await loadLibav(variant, compiled);
      assert.equal(times, 1);
      assert.deepEqual([...compiled.keys()], [variant]);
      const pointer = first.av_packet_alloc_sync();
      first.AVPacket_pts_s_sync(pointer, 42);
      assert.equal(second.av_packet_alloc_sync(), pointer, 'the same place, in another memory');
      assert.equal(first.AVPacket_pts_sync(pointer), 42);
      assert.notEqual(second.AVPacket_pts_sync(pointer), 42);
    });
});

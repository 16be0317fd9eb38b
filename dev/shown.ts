/** Settings that are off by default and on in `npm start` and for its pictures, so that they can be tried. */
export const SHOWN = { OMI_API: 'true', SHARING: 'true', KEEP_AUDIO_DAYS: '30' } as const;

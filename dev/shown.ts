/** What is off by default, and is to be tried on this machine: for `npm start`, and for the pictures of it. */
export const SHOWN = { OMI_API: 'true', SHARING: 'true', KEEP_AUDIO_DAYS: '30' } as const;

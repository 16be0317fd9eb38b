/** The package, its kit and the kit's first instance have one name. */
export const KIT = 'offline-audio-sync';

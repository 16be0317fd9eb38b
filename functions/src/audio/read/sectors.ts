/** How storage loses bytes: zeros that begin and end with sectors, where nothing was written, or what was written is gone. */

/** What storage loses at a time, or a multiple of it. */
export const SECTOR_BYTES = 512;

/** Zeros that what was written may have of its own, before or behind those of a sector. */
export const OWN_ZEROS = 4;

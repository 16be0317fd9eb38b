/** How storage loses bytes: whole sectors are zeros, because they were never written or were erased. */

/** Bytes of a sector. Storage loses whole multiples of it. */
export const SECTOR_BYTES = 512;

/** The written data may itself end or begin with up to this many zeros, next to those of a lost sector. */
export const OWN_ZEROS = 4;

/** Where a bucket may be, for functions of a region to listen to it. https://cloud.google.com/storage/docs/locations */

/** Regions of predefined dual-regions. */
const DUAL: Readonly<Record<string, readonly string[]>> = {
  NAM4: ['us-central1', 'us-east1'],
  EUR4: ['europe-north1', 'europe-west4'],
  ASIA1: ['asia-northeast1', 'asia-northeast2'],
};

/** Beginnings of the regions that a multi-region contains. */
const MULTI: Readonly<Record<string, string>> = { US: 'us-', EU: 'europe-', ASIA: 'asia-' };

/** Functions of every region can listen to buckets of this one. */
const EVERYWHERE = 'US-CENTRAL1';

/** @param location as Storage says it: `EU`, `NAM4`, `EUROPE-WEST1`. */
export function isInReach(location: string, region: string): boolean {
  const place = location.toUpperCase();
  const multi = MULTI[place];
  return (
    place === region.toUpperCase() ||
    place === EVERYWHERE ||
    (multi !== undefined && region.startsWith(multi)) ||
    DUAL[place]?.includes(region) === true
  );
}

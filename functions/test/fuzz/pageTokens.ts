import fc from 'fast-check';
import { AppError } from '../../src/errors.ts';
import { decodePageToken, encodePageToken } from '../../src/jobs/pageToken.ts';
import { asJson, oddJson, oddNumber, oddString } from './hostile.ts';
import { fuzzTarget } from './target.ts';

const token = fc.oneof(
  oddString,
  oddJson.map((value) => Buffer.from(asJson(value)).toString('base64url')),
  fc.tuple(oddNumber, oddNumber, oddString).map((value) => Buffer.from(asJson(value)).toString('base64url')),
);

/** Every token is one that could have been issued, and has its meaning, or is refused as the sender's mistake. */
export const pageTokens = fuzzTarget({ name: 'pageTokens', casesInTest: 5000 }, () =>
  fc.property(token, (text) => {
    try {
      const end = decodePageToken(text);
      const again = decodePageToken(encodePageToken(end));
      return again.createdAt.isEqual(end.createdAt) && again.jobId === end.jobId;
    } catch (error) {
      return error instanceof AppError && error.code === 'invalid_request';
    }
  }),
);

import { runSuite } from '../order/suite.ts';

const PLAIN = 24;
const DISTURBED = 24;

// npm run test:order runs more cases, with other seeds.
describe('Recordings in any order, cut into any jobs, at once', function () {
  it(`become the conversations of the reference model (${String(PLAIN)} cases)`, async () => {
    await runSuite({ cases: PLAIN, seed: 1, disturbed: false });
  });

  it(`become them also when conversations are corrected, named and deleted and workers die (${String(DISTURBED)} cases)`, async () => {
    await runSuite({ cases: DISTURBED, seed: 5001, disturbed: true });
  });
});

import { runSuite } from '../order/suite.ts';

// More of the same, and other seeds: npm run test:order.
describe('Recordings in any order, cut into any jobs, at once', function () {
  this.timeout(300_000);

  it('become the conversations of the reference model (100 cases)', async () => {
    await runSuite({ cases: 100, seed: 1, disturbed: false });
  });

  it('become them also when conversations are named and deleted and workers die (60 cases)', async () => {
    await runSuite({ cases: 60, seed: 5001, disturbed: true });
  });
});

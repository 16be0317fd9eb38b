import assert from 'node:assert/strict';
import { Simulation } from '../../../bench/fairness.ts';
import type { Machine, SimulatedJob } from '../../../bench/fairness.ts';

const MACHINE: Machine = {
  timesRealTime: 60,
  requestS: 10,
  tasksAtOnce: 2,
  tasksPerSecond: 100,
  requestsOfTask: 2,
  requestsOfProject: 3,
  maxRunningJobs: 0,
};
const job = (id: number, user: number, atS: number, requests = 1): SimulatedJob => ({
  id,
  user,
  atS,
  audioS: 60,
  requests,
});

describe('the simulation of a day', () => {
  it('adds up the times of reading, of the requests after it, and of a job’s overhead', () => {
    const { doneS } = new Simulation(MACHINE).run([job(0, 0, 0)]);
    assert.ok(Math.abs((doneS.get(0) ?? 0) - (0.01 + 1 + 10 + 3)) < 1e-9);
  });

  it('respects the limits on tasks, on requests of a task and on requests of the project', () => {
    const run = new Simulation(MACHINE).run([job(0, 0, 0, 4), job(1, 1, 0, 4), job(2, 2, 0)]);
    assert.equal(run.mostRequests, 3);
    const ends = [...run.doneS.values()];
    assert.ok(ends.length === 3 && Math.max(...ends) === run.doneS.get(2), 'the third waits for a task');
  });

  it('makes a user wait for the jobs of another only if users do not take turns', () => {
    const jobs = [...Array.from({ length: 10 }, (_, i) => job(i, 0, 0)), job(10, 1, 1)];
    const unbounded = new Simulation(MACHINE).run(jobs).doneS.get(10) ?? 0;
    const bounded = new Simulation({ ...MACHINE, maxRunningJobs: 1 }).run(jobs).doneS;
    assert.ok(unbounded > 60, String(unbounded));
    assert.ok((bounded.get(10) ?? 0) < 20);
    assert.deepEqual(
      [...bounded.keys()].filter((id) => id < 10),
      Array.from({ length: 10 }, (_, i) => i),
      'in their order',
    );
  });
});

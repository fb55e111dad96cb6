import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RetryBudgetSettings } from '../snapshot/types.ts';
import { RetryBudget } from './retry-budget.ts';

function budgetOf(settings: RetryBudgetSettings): RetryBudget {
  const budget = new RetryBudget();
  budget.configure(settings);
  return budget;
}

/** How many retries the budget allows, up to `limit`. */
function spendAll(budget: RetryBudget, now: number, limit = 10_000): number {
  let n = 0;
  while (n < limit && budget.withdraw(now)) n++;
  return n;
}

describe('a retry budget', () => {
  test('a hundred requests deposit `percent` retries', () => {
    const budget = budgetOf({ percent: 20, minPerSecond: 0 });
    for (let i = 0; i < 100; i++) budget.deposit(i * 10);
    assert.equal(spendAll(budget, 1000), 20);
  });

  test('deposits expire after ten seconds', () => {
    const budget = budgetOf({ percent: 100, minPerSecond: 0 });
    budget.deposit(0);
    assert.equal(budget.withdraw(10_000), false);
    budget.deposit(10_000);
    assert.equal(budget.withdraw(19_999), true);
  });

  test('the minimum is available without traffic, and again after ten seconds', () => {
    const budget = budgetOf({ percent: 0, minPerSecond: 3 });
    assert.equal(spendAll(budget, 500), 30);
    assert.equal(budget.withdraw(9_999), false);
    assert.equal(spendAll(budget, 10_000), 30);
  });

  test('without percent and minimum there are no retries', () => {
    const budget = budgetOf({ percent: 0, minPerSecond: 0 });
    for (let i = 0; i < 1000; i++) budget.deposit(i);
    assert.equal(budget.withdraw(1000), false);
  });

  test('changed settings keep the balance', () => {
    const budget = budgetOf({ percent: 0, minPerSecond: 1 });
    assert.equal(spendAll(budget, 0), 10);
    budget.configure({ percent: 50, minPerSecond: 2 });
    assert.equal(spendAll(budget, 0), 10);
  });

  test('a long silence clears the balance', () => {
    const budget = budgetOf({ percent: 100, minPerSecond: 1 });
    for (let i = 0; i < 500; i++) budget.deposit(0);
    spendAll(budget, 0, 505);
    assert.equal(spendAll(budget, 1e9), 10);
  });

  test('in any ten seconds there are at most as many retries as the minimum plus the deposits of these and the previous ten', () => {
    const settings = fc.record({ percent: fc.integer({ min: 0, max: 100 }), minPerSecond: fc.integer({ min: 0, max: 5 }) });
    const steps = fc.array(fc.record({ wait: fc.integer({ min: 0, max: 3000 }), retry: fc.boolean() }), { maxLength: 300 });
    fc.assert(
      fc.property(settings, steps, (s, list) => {
        const budget = budgetOf(s);
        const events: { at: number; earned: number; spent: number }[] = [];
        let now = 0;
        for (const { wait, retry } of list) {
          now += wait;
          if (retry) events.push({ at: now, earned: 0, spent: budget.withdraw(now) ? 1 : 0 });
          else {
            budget.deposit(now);
            events.push({ at: now, earned: s.percent / 100, spent: 0 });
          }
          const sum = (of: 'earned' | 'spent', seconds: number) =>
            events
              .filter(({ at }) => Math.floor(at / 1000) > Math.floor(now / 1000) - seconds)
              .reduce((total, e) => total + e[of], 0);
          assert.ok(sum('spent', 10) <= s.minPerSecond * 10 + sum('earned', 20) + 1e-9);
        }
      }),
    );
  });
});

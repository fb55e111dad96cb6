import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyStatus } from '../api/policy.gen.ts';
import { transitions } from './transitions.ts';

/** Conditions as `Type=Status/Reason`; a message is the reason in lower case. */
function status(text: string): PolicyStatus {
  const conditions = text.split(' ').map((one) => {
    const [, type = '', status = '', reason = ''] = /^(\w+)=(\w+)\/(\w+)$/.exec(one) ?? [];
    const of = { type, status: status as 'True', reason, message: reason.toLowerCase() };
    return { ...of, observedGeneration: 1, lastTransitionTime: '2026-01-01T00:00:00Z' };
  });
  return { conditions };
}

const FINE = 'Ready=True/Ready Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs Programmed=True/Programmed';
const with_ = (change: string): string => {
  const type = change.split('=')[0] as string;
  return FINE.replace(new RegExp(`${type}=\\S+`), change);
};

const CASES: readonly { readonly what: string; readonly before?: string; readonly after: string; readonly want: string[] }[] = [
  { what: 'a new policy that works', after: FINE, want: ['Normal Ready', 'Normal Programmed'] },
  {
    what: 'one that has the default status',
    before: 'Ready=Unknown/Pending',
    after: FINE,
    want: ['Normal Ready', 'Normal Programmed'],
  },
  { what: 'nothing new', before: FINE, after: FINE, want: [] },
  { what: 'a new policy that waits', after: 'Ready=Unknown/Pending Reconciling=True/Pending Programmed=False/Pending', want: [] },
  {
    what: 'proxies that are awaited again',
    before: FINE,
    after: 'Ready=Unknown/Pending Reconciling=True/Pending Programmed=False/Pending',
    want: [],
  },
  { what: 'and have come', before: 'Programmed=False/Pending', after: 'Programmed=True/Programmed', want: ['Normal Programmed'] },
  {
    what: 'a policy that lost a conflict: once, not for Ready, Programmed and Stalled, too',
    before: FINE,
    after: 'Ready=False/Conflicted Accepted=False/Conflicted Programmed=False/Invalid Stalled=True/Conflicted',
    want: ['Warning Conflicted'],
  },
  {
    what: 'and won it',
    before: 'Ready=False/Conflicted Accepted=False/Conflicted Programmed=False/Invalid Stalled=True/Conflicted',
    after: FINE,
    want: ['Normal Ready', 'Normal Accepted', 'Normal Programmed'],
  },
  { what: 'the first endpoint fails', before: FINE, after: with_('Ready=True/SomeUnhealthy'), want: ['Warning SomeUnhealthy'] },
  {
    what: 'the last endpoint fails',
    before: with_('Ready=True/SomeUnhealthy'),
    after: with_('Ready=False/AllUnhealthy'),
    want: ['Warning AllUnhealthy'],
  },
  {
    what: 'some endpoints are back',
    before: with_('Ready=False/AllUnhealthy'),
    after: with_('Ready=True/SomeUnhealthy'),
    want: ['Normal SomeUnhealthy'],
  },
  {
    what: 'all endpoints are back',
    before: with_('Ready=True/SomeUnhealthy'),
    after: FINE,
    want: ['Normal Ready'],
  },
  {
    what: 'the fallback takes over',
    before: FINE,
    after: with_('Ready=True/Fallback'),
    want: ['Warning Fallback'],
  },
  {
    what: 'another fault',
    before: with_('Ready=False/NoEndpoints'),
    after: with_('Ready=False/AllUnhealthy'),
    want: ['Warning AllUnhealthy'],
  },
  { what: 'idle on purpose', before: with_('Ready=False/NoEndpoints'), after: with_('Ready=True/Idle'), want: ['Normal Idle'] },
  {
    what: 'a new policy of which one match is dead',
    after: with_('Accepted=True/CannotMatch'),
    want: ['Normal Ready', 'Warning CannotMatch', 'Normal Programmed'],
  },
  {
    what: 'a new policy of which every match is dead: once',
    after: 'Ready=False/CannotMatch Accepted=True/CannotMatch',
    want: ['Warning CannotMatch'],
  },
  {
    what: 'no proxy is Ready any more, which Programmed calls pending',
    before: FINE,
    after: 'Ready=False/NoReadyProxies Programmed=False/Pending Reconciling=True/Pending',
    want: ['Warning NoReadyProxies'],
  },
];

for (const { what, before, after, want } of CASES) {
  test(`Events for ${what}`, () => {
    const events = transitions(before === undefined ? undefined : status(before), status(after));
    assert.deepEqual(
      events.map(({ type, reason }) => `${type} ${reason}`),
      want,
    );
    for (const { reason, note } of events) assert.equal(note, reason.toLowerCase());
  });
}

import type { Balancer, EndpointView, Handle, PickContext, EndpointViews } from './balancer.ts';
import { randomHash, rehash } from './hash.ts';
import type { Hash } from './hash.ts';
import { NONE, RendezvousRows, ROWS } from './rendezvous-rows.ts';
import type { RendezvousMember } from './rendezvous-rows.ts';
import { EndpointTable, UNCOUNTED } from './endpoint-table.ts';

/**
 * Rendezvous hashing over a table of rows (GLB Director). A key goes to the primary of its row; to the secondary if the primary is
 * not usable, was tried, drains or is filling; to a third, chosen by the key itself, if the secondary is not possible either.
 * Draining and filling endpoints are used only if no other is left. Adding or removing an endpoint changes only the rows that it
 * wins or loses. While a new table is built the old one serves; an update during a build is queued.
 */
export class Rendezvous implements Balancer {
  readonly #endpoints = new EndpointTable();
  #current = new RendezvousRows([]);
  #building: RendezvousRows | undefined;
  #queued: readonly RendezvousMember[] | undefined;
  /** Index in the list by number in the current table; -1: it left. */
  #indexByNumber = new Int32Array(0);
  /** 1: active; 0: draining or filling, used only if no active endpoint is left. */
  #established = new Uint8Array(0);

  update(view: EndpointViews): void {
    this.#endpoints.update(view);
    this.#established = Uint8Array.from(view, ({ state = 'active' }) => (state === 'active' ? 1 : 0));
    this.#queued = view.filter(({ weight }) => weight > 0 && weight < Infinity).map(member);
    if (this.#building === undefined) this.#startBuild();
    this.#mapNumbers();
  }

  step(budget: number): boolean {
    if (this.#building === undefined) return true;
    if (!this.#building.step(budget)) return false;
    this.#current = this.#building;
    this.#building = undefined;
    this.#startBuild();
    this.#mapNumbers();
    return this.#building === undefined;
  }

  #startBuild(): void {
    const wanted = this.#queued;
    this.#queued = undefined;
    if (wanted !== undefined && !this.#current.isOf(wanted)) this.#building = new RendezvousRows(wanted, this.#current);
  }

  #mapNumbers(): void {
    this.#indexByNumber = Int32Array.from(this.#current.members, (m) => (m === undefined ? -1 : this.#endpoints.indexOf(m.id)));
  }

  setUsable(i: number, on: boolean): void {
    this.#endpoints.usable(i, on);
  }

  pick(c: PickContext): number {
    const hash = c.hash ?? randomHash(c.random);
    const row = hash.low & (ROWS - 1);
    const { primary, secondary } = this.#current;
    const first = this.#index(primary[row] as number);
    if (this.#isEstablished(first, c.tried)) return first;
    const second = this.#index(secondary[row] as number);
    if (this.#isEstablished(second, c.tried)) return second;
    const third = this.#direct(hash, (i) => this.#isEstablished(i, c.tried));
    if (third >= 0) return third;
    for (const i of [first, second]) if (this.#isSelectable(i, c.tried)) return i;
    const any = this.#direct(hash, (i) => this.#isSelectable(i, c.tried));
    return any >= 0 ? any : this.#scan(hash, c.tried);
  }

  #index(number: number): number {
    return number === NONE ? -1 : (this.#indexByNumber[number] as number);
  }

  #isSelectable(i: number, tried: readonly number[]): boolean {
    return i >= 0 && this.#endpoints.isSelectable(i, tried);
  }

  #isEstablished(i: number, tried: readonly number[]): boolean {
    return this.#established[i] === 1 && this.#isSelectable(i, tried);
  }

  #direct(hash: Hash, may: (i: number) => boolean): number {
    return this.#index(this.#current.bestFor(rehash(hash, 0), (number) => may(this.#index(number))));
  }

  /** For endpoints that the table does not have yet. */
  #scan(hash: Hash, tried: readonly number[]): number {
    return this.#endpoints.selectableAt(rehash(hash, 1) / 2 ** 32, tried);
  }

  begin(): Handle {
    return UNCOUNTED;
  }

  end(): void {
    // Nothing is counted.
  }
}

function member({ id, hashKey, weight }: EndpointView): RendezvousMember {
  return { id, name: hashKey ?? id, weight };
}

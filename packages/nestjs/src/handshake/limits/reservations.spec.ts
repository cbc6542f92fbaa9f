import { describe, expect, it, vi } from 'vitest';
import { addressKey } from '../../core/address-key.js';
import { type Reservation, type ReservationLimits, Reservations } from './reservations.js';

const LIMITS: ReservationLimits = {
  mode: 'enforce',
  maxPending: 6,
  maxPendingPerAddress: 3,
  maxOpen: 10,
  maxOpenPerAddress: 5,
};

const A = addressKey('192.0.2.1');
const B = addressKey('2001:db8::1');

const counts = ({ pending, open, addresses }: Reservations): readonly number[] => [pending, open, addresses];

function fill(reservations: Reservations, key: string, times: number): readonly Reservation[] {
  return Array.from({ length: times }, () => reservations.reserve(key).reservation).filter(
    (place) => place !== undefined,
  );
}

function open(reservations: Reservations, key: string, times: number): void {
  for (let i = 0; i < times; i++) reservations.reserve(key).reservation?.admit();
}

describe('Reservations', () => {
  it('DR-04 keeps the pending handshakes of one address few', () => {
    const reservations = new Reservations(LIMITS);
    expect(fill(reservations, A, 10)).toHaveLength(3);
    expect(reservations.reserve(A).finding).toMatchObject({
      option: 'handshake.limits.maxPendingPerAddress',
      enforced: true,
    });
    expect(fill(reservations, B, 1)).toHaveLength(1);
  });

  it('DR-04 F11 counts what is verified without a handshake as pending, and forgets it and its address', () => {
    const reservations = new Reservations(LIMITS);
    const ends = [reservations.work(A), reservations.work(A), reservations.work(A)];
    expect(fill(reservations, A, 1)).toHaveLength(0);
    expect(counts(reservations)).toEqual([3, 0, 1]);
    const [place] = fill(reservations, B, 1);
    const more = [reservations.work(), reservations.work()];
    expect(reservations.isBusy).toBe(true);
    expect(reservations.checkProcess()).toMatchObject({ option: 'handshake.limits.maxPending' });
    for (const end of [...ends, ...more]) end();
    place?.release();
    expect(counts(reservations)).toEqual([0, 0, 0]);
  });

  it('DR-04 the end of one verification leaves the others of its address counted', () => {
    const reservations = new Reservations(LIMITS);
    const ends = [reservations.work(A), reservations.work(A)];
    ends[0]?.();
    expect(counts(reservations)).toEqual([1, 0, 1]);
    expect(fill(reservations, A, 3)).toHaveLength(2);
  });

  it('DR-04 keeps the pending handshakes of the process few', () => {
    const reservations = new Reservations(LIMITS);
    for (let i = 0; i < 6; i++) fill(reservations, addressKey(`192.0.2.${i}`), 1);
    expect(reservations.reserve(addressKey('192.0.2.77')).finding).toMatchObject({
      option: 'handshake.limits.maxPending',
    });
    expect(reservations.checkProcess()).toMatchObject({ option: 'handshake.limits.maxPending', enforced: true });
  });

  it('DR-03 keeps the connections of one address, and of the process', () => {
    const reservations = new Reservations(LIMITS);
    open(reservations, A, 5);
    expect(reservations.reserve(A)).toMatchObject({
      reservation: undefined,
      finding: { option: 'handshake.limits.maxOpenPerAddress' },
    });
    open(reservations, B, 5);
    expect(reservations.checkProcess()).toMatchObject({ option: 'handshake.limits.maxOpen' });
    expect(reservations.reserve(addressKey('192.0.2.77')).finding).toMatchObject({
      option: 'handshake.limits.maxOpen',
    });
    expect(counts(reservations)).toEqual([0, 10, 2]);
  });

  it('DR-03 the end of one connection leaves the others of its address counted', () => {
    const reservations = new Reservations(LIMITS);
    const places = fill(reservations, A, 2);
    for (const place of places) place.admit();
    open(reservations, A, 3);
    places[0]?.release();
    expect(fill(reservations, A, 3)).toHaveLength(1);
    expect(counts(reservations)).toEqual([1, 4, 1]);
  });

  it('DR-03 counts a pending handshake among the open ones: all of them may be admitted', () => {
    const reservations = new Reservations(LIMITS);
    open(reservations, A, 3);
    expect(fill(reservations, A, 3)).toHaveLength(2);
  });

  it('DR-16 IPv6 addresses of one /64 share their caps, and IPv4 has one spelling', () => {
    const reservations = new Reservations(LIMITS);
    const admitted = Array.from({ length: 20 }, (_, i) => reservations.reserve(addressKey(`2001:db8::${i}`)));
    expect(admitted.filter(({ reservation }) => reservation !== undefined)).toHaveLength(3);
    fill(reservations, addressKey('192.0.2.1'), 2);
    expect(fill(reservations, addressKey('::ffff:c000:201'), 3)).toHaveLength(1);
  });

  it('DR-03 DR-15 a thousand abrupt ends leave every counter at zero', () => {
    const reservations = new Reservations(LIMITS);
    for (let i = 0; i < 1000; i++) {
      const places = [A, B].flatMap((key) => fill(reservations, key, 2));
      for (const [index, place] of places.entries()) {
        if ((index + i) % 2 === 0) place.admit();
        place.release();
        place.release();
        if (i % 3 === 0) place.admit();
      }
    }
    expect(counts(reservations)).toEqual([0, 0, 0]);
  });

  it('DR-03 a refused reservation takes nothing', () => {
    const reservations = new Reservations(LIMITS);
    fill(reservations, A, 3);
    for (let i = 0; i < 100; i++) reservations.reserve(A);
    expect(counts(reservations)).toEqual([3, 0, 1]);
  });

  it('reports a count of connections where it is told to, but always keeps what is pending', () => {
    const reservations = new Reservations({ ...LIMITS, mode: 'report' });
    open(reservations, A, 5);
    const sixth = reservations.reserve(A);
    expect(sixth.finding).toMatchObject({ option: 'handshake.limits.maxOpenPerAddress', enforced: false });
    expect(sixth.reservation?.admit()).toBe(true);
    expect(fill(reservations, A, 4)).toHaveLength(3);
    expect(reservations.reserve(A).finding).toMatchObject({
      option: 'handshake.limits.maxPendingPerAddress',
      enforced: true,
    });
  });

  it('never refuses for Infinity', () => {
    const reservations = new Reservations({ ...LIMITS, maxOpen: Infinity, maxOpenPerAddress: Infinity });
    open(reservations, A, 5000);
    expect(reservations.open).toBe(5000);
  });
});

describe('Reservation', () => {
  const make = (): Reservation => {
    const { reservation } = new Reservations(LIMITS).reserve(A);
    if (reservation === undefined) throw new Error('There is room.');
    return reservation;
  };

  it('DR-03 says when the socket is gone already: nothing is accepted then', () => {
    const reservation = make();
    expect(reservation.isReleased).toBe(false);
    reservation.release();
    expect(reservation.admit()).toBe(false);
    expect(reservation.isReleased).toBe(true);
  });

  it('DR-03 releases what it holds with it, once', () => {
    const reservation = make();
    const lease = { release: vi.fn<() => void>() };
    reservation.hold(lease);
    expect(lease.release).not.toHaveBeenCalled();
    reservation.release();
    reservation.release();
    expect(lease.release).toHaveBeenCalledTimes(1);
  });

  it('DR-03 releases at once what comes after the socket is gone', () => {
    const reservation = make();
    const lease = { release: vi.fn<() => void>() };
    reservation.release();
    reservation.hold(lease);
    expect(lease.release).toHaveBeenCalledTimes(1);
  });
});

import { describe, expect, it, vi } from 'vitest';
import { type Invitation, Invitations, MAX_INVITED, MAX_INVITED_PER_ADDRESS } from './invitations.js';

describe('Invitations', () => {
  it('DR-04 the oldest silent one of all makes room where the process is full, and no one who has spoken', () => {
    const invitations = new Invitations();
    const lost = vi.fn<(index: number) => void>();
    const places = Array.from({ length: MAX_INVITED }, (_, index) => {
      const place = invitations.take(`address:${index}`);
      place?.whenLost(() => lost(index));
      return place as Invitation;
    });
    places[0]?.speak();
    const more = invitations.take('address:more');
    expect(more).toBeDefined();
    expect(lost.mock.calls).toEqual([[1]]);
    more?.speak();
    for (const place of places) place.speak();
    expect(invitations.take('address:one-too-many')).toBeUndefined();
    places[2]?.release();
    places[2]?.release();
    expect(invitations.take('address:next')).toBeDefined();
    expect(lost).toHaveBeenCalledTimes(1);
  });

  it('DR-04 an address takes room from nobody but itself while the process has some', () => {
    const invitations = new Invitations();
    const other = invitations.take('address:other');
    const first = invitations.take('address:a');
    for (let i = 1; i <= MAX_INVITED_PER_ADDRESS; i++) expect(invitations.take('address:a')).toBeDefined();
    const told: string[] = [];
    other?.whenLost(() => told.push('other'));
    // It is told although it asks afterwards.
    first?.whenLost(() => told.push('first'));
    expect(told).toEqual(['first']);
  });

  it('DR-04 DR-15 a place that is given back leaves those of its address counted', () => {
    const invitations = new Invitations();
    const places = Array.from({ length: MAX_INVITED_PER_ADDRESS }, () => invitations.take('address:a'));
    for (const place of places) place?.speak();
    expect(invitations.take('address:a')).toBeUndefined();
    places[0]?.release();
    expect(invitations.take('address:a')).toBeDefined();
    for (const place of places.slice(1)) place?.release();
    const again = Array.from({ length: MAX_INVITED_PER_ADDRESS - 1 }, () => invitations.take('address:a'));
    for (const place of again) place?.speak();
    expect(again.every((place) => place !== undefined)).toBe(true);
  });

  it('DR-04 tells nobody of a place that its own client has given back', () => {
    const place = new Invitations().take('address:a');
    const lost = vi.fn<() => void>();
    place?.whenLost(lost);
    place?.release();
    place?.lose();
    expect(lost).not.toHaveBeenCalled();
  });
});

const ROOM = /^#\/rooms\/([^/]+)$/;

/** The address of a room, for a link: it can be shared, reloaded and gone back to. @param {string} roomId */
export const roomAddress = (roomId) => `#/rooms/${encodeURIComponent(roomId)}`;

/** Which room the address of the page names; `undefined` is the list. */
export function addressedRoom() {
  const name = ROOM.exec(location.hash)?.[1];
  if (name === undefined) return undefined;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

import { type Check, type Evidence, finding, notTested, passed } from './check.js';

/** SL-04. */
export const logOutCheck: Check = {
  id: 'log-out',
  requirements: ['SL-04'],
  title: 'Logging out ends nothing',
  why: 'Whoever logs out, or is logged out after his password was stolen, believes that it is over. A connection that goes on belongs to whoever has it.',
  cwe: 613,
  asvs: '7.4.1',
  severity: 'high',
  confidence: 'certain',
  remediation: {
    nest: `await this.revocations.logOut({ issuer, sessionId }); // WsRevocationService: on every node, and for new handshakes`,
    ws: `for (const socket of socketsOf.get(sessionId) ?? []) socket.close(4401, 'logged out'); // on every node, by pub/sub`,
    socketIo: `io.in(\`session:\${sessionId}\`).disconnectSockets(true);`,
  },
  needsBaseline: true,
  async run({ logOut, prober, talk }) {
    if (logOut === undefined) return notTested('It takes a command that logs the account out: --logout-command.');
    using session = await talk();
    if (!(await session.isAlive()))
      return notTested('The server answers no ping: whether the connection is open cannot be seen.');
    await logOut();
    const hasEnded = await session.endsWithin(prober.answerMs);
    const evidence: Evidence[] = [];
    if (!hasEnded && (await session.isAlive()))
      evidence.push({ sent: 'a ping on the connection of a session that is over', got: 'a pong' });
    const { isAdmitted, saw } = await prober.admits();
    if (isAdmitted) evidence.push({ sent: 'a handshake with the credential of a session that is over', got: saw });
    if (evidence.length > 0) return finding('Something of the session outlived the log-out.', evidence);
    return passed(`The log-out ended the connection${hasEnded ? ` (close ${session.closed?.code})` : ''}, and its credential opens no other: ${saw}.`); // prettier-ignore
  },
};

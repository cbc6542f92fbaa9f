import type { Type } from '@nestjs/common';
import { connect, testIdentity } from '@secure-ws/nestjs/testing';
import { describe, expect, it } from 'vitest';
import { startOpenFgaServer } from '../support/open-fga-server.js';
import { around, boot, example } from './example.js';

const ALICE = testIdentity({ id: 'alice' });
const FORBIDDEN = { data: { code: 'FORBIDDEN' } };
const DOCUMENT = '7f6f1f0a-6d0f-4f3b-9f57-0f6d1c1d2a3b';

async function start(module: Type) {
  const root = around([]);
  return boot({ ...root, imports: [...(root.imports ?? []), module] });
}

describe('F45 every example of the guide runs: policy engines', () => {
  it('policy-engines/abilities.ts and policy-engines/articles.gateway.ts judge by CASL', async () => {
    const { ArticlesModule } = await example('policy-engines/articles.gateway.ts', 'ArticlesModule');
    const app = await start(ArticlesModule);
    await using alice = await connect(app, { path: '/articles', as: ALICE });
    const update = (data: object) => alice.request('article.update', data);
    expect(await update({ articleId: 'a', title: 'New' })).toMatchObject({ data: { updated: 'a', title: 'New' } });
    expect(await update({ articleId: 'b', title: 'New' })).toMatchObject(FORBIDDEN);
    expect(await update({ articleId: 'zzz' })).toMatchObject(FORBIDDEN);
    expect(await update({ articleId: 'a', authorId: 'bob' })).toMatchObject(FORBIDDEN);
    expect(await alice.request('article.list')).toMatchObject({
      data: { find: { $and: [{ $or: [{ authorId: 'alice' }, { published: true }] }, { deleted: false }] } },
    });
    await using editor = await connect(app, { path: '/articles', as: testIdentity({ id: 'eve', roles: ['editor'] }) });
    expect(await editor.request('article.update', { articleId: 'b' })).toMatchObject({ data: { updated: 'b' } });
  });

  it('policy-engines/documents.gateway.ts judges by OpenFGA', async () => {
    const openFga = await startOpenFgaServer();
    process.env['OPENFGA_URL'] = openFga.url;
    openFga.tuples.push({ user: 'user:alice', relation: 'owner', object: `document:${DOCUMENT}` });
    const { DocumentsModule } = await example('policy-engines/documents.gateway.ts', 'DocumentsModule');
    const app = await start(DocumentsModule);
    await using alice = await connect(app, { path: '/documents', as: ALICE });
    await using bob = await connect(app, { path: '/documents', as: testIdentity({ id: 'bob' }) });
    const edit = { documentId: DOCUMENT };
    expect(await alice.request('document.edit', edit)).toMatchObject({ data: { editing: DOCUMENT } });
    expect(await bob.request('document.edit', edit)).toMatchObject(FORBIDDEN);
  });

  it('policy-engines/photos.gateway.ts judges by Cedar', async () => {
    const { PhotosModule } = await example('policy-engines/photos.gateway.ts', 'PhotosModule');
    const app = await start(PhotosModule);
    await using alice = await connect(app, { path: '/photos', as: ALICE });
    const share = (photoId: string) => alice.request('photo.share', { photoId, note: 'look' });
    expect(await share('a')).toMatchObject({ data: { shared: 'a' } });
    for (const photo of ['b', 'c', 'zzz']) expect(await share(photo)).toMatchObject(FORBIDDEN);
    await using curator = await connect(app, { path: '/photos', as: testIdentity({ id: 'eve', roles: ['curator'] }) });
    expect(await curator.request('photo.share', { photoId: 'b' })).toMatchObject({ data: { shared: 'b' } });
    expect(await curator.request('photo.share', { photoId: 'c' })).toMatchObject(FORBIDDEN);
  });
});

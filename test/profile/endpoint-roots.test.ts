import { describe, expect, it } from 'vitest';
import { rootEndpoints } from '../../src/profile/endpoint-roots.ts';
import { profileFrom } from '../helpers/profile-from.ts';
import { sketchTree, treeOf } from '../helpers/tree-of.ts';

const django = '/usr/lib/python3/dist-packages/django';

const rootsOf = (lines: readonly string[]) => {
  const { groups, tree } = treeOf(rootEndpoints(profileFrom(lines)), 'function');
  return sketchTree(groups, tree)
    .filter((row) => row.startsWith('1 '))
    .map((row) => row.slice(2));
};

describe('rootEndpoints', () => {
  it('takes the first code of the application that the framework called', () => {
    expect(
      rootsOf([
        `application@/srv/wsgi.py:1;get@${django}/base.py:1;orders@/srv/views.py:1;all@${django}/db.py:1 3`,
        `application@/srv/wsgi.py:1;get@${django}/base.py:1;orders@/srv/views.py:2;helper@/srv/help.py:1 2`,
        `application@/srv/wsgi.py:1;get@${django}/base.py:1;product@/srv/views.py:9 1`,
      ]),
    ).toEqual(['orders 0/5', 'product 0/1']);
  });

  it('passes entry points and middleware by', () => {
    expect(
      rootsOf([
        `application@/srv/wsgi.py:1;get@${django}/base.py:1;__call__@/srv/middleware.py:1;get@${django}/base.py:2;orders@/srv/views.py:1 3`,
      ]),
    ).toEqual(['orders 0/3']);
  });

  it('takes the first code of the application where there is no framework', () => {
    expect(rootsOf(['application@/srv/wsgi.py:1;route@/srv/app.py:1;orders@/srv/views.py:1 3'])).toEqual(['route 0/3']);
  });

  it('says so where there is no endpoint', () => {
    expect(rootsOf([`run@${django}/server.py:1 2`, 'application@/srv/wsgi.py:1 1'])).toEqual(['no 0/3']);
  });

  it('leaves threads and weights as they were', () => {
    const profile = profileFrom(['0/1|a 3', '1/0|b 2']);
    const rooted = rootEndpoints(profile);
    expect(rooted.threads).toEqual(profile.threads);
    expect(rooted.samples.thread).toEqual(profile.samples.thread);
    expect(rooted.samples.weight).toEqual(profile.samples.weight);
  });
});

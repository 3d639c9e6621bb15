// A page begins: it loads what it carries and draws it, or says why it cannot.
import { byId, element } from './dom.ts';

export function start<Carried>(what: string, load: () => Promise<Carried>, run: (carried: Carried) => void): void {
  load()
    .then(run)
    .then(() => {
      document.body.dataset.ready = 'yes';
    })
    .catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      byId('warnings').replaceChildren(element('p', '', `This ${what} cannot be shown: ${why}`));
    });
}

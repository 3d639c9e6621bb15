// Gives the profile of the page to the speedscope application in it, by the way that a person does: its file input.
import { decompress } from '../stream/compress.ts';
import { byId } from './dom.ts';

decompress(byId('profile').textContent.trim()).then((bytes) => {
  const chosen = new DataTransfer();
  chosen.items.add(new File([bytes as Uint8Array<ArrayBuffer>], 'tbprof.speedscope.json'));
  const input = byId('file') as HTMLInputElement;
  input.files = chosen.files;
  input.dispatchEvent(new Event('change'));
});

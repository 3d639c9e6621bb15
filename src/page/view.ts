// What every view of the page is: an element that draws the same scene in its own way.
import type { Theme } from '../profile/palette.ts';
import type { Profile } from '../profile/profile.ts';
import type { Report } from './load.ts';
import type { Picture } from './pictures.ts';
import type { Found } from './search.ts';
import type { Shown } from './shown.ts';
import type { Change, PageState } from './state.ts';

/** All that is drawn at one moment. */
export interface Scene {
  readonly state: PageState;
  readonly shown: Shown;
  readonly found: Found;
  readonly theme: Theme;
  /** The same by function where the frames of `shown` are lines. */
  readonly functions: () => { readonly shown: Shown; readonly found: Found };
  /** What passes the filters but that of time. */
  readonly overTime: () => Profile;
}

/** What a view may ask of the page. */
export interface Page {
  readonly report: Report;
  apply(change: Change): void;
  /** Tells people who hear the page instead of seeing it. */
  say(text: string): void;
}

export interface View {
  readonly element: HTMLElement;
  draw(scene: Scene): void;
  /** The charts of the view, as they are drawn now. */
  pictures?(): readonly Picture[];
  /** A key that the page itself has no use for, or Escape; true where the view had one. */
  press?(key: string): boolean;
}

// What tests read of a page, whatever drives the browser: playwright's page is one, that of firefox.ts another.

export interface ReadablePage {
  /** The function runs in the page and knows nothing from outside. */
  $$eval<Result>(selector: string, read: (elements: (HTMLElement | SVGElement)[]) => Result): Promise<Result>;
}

// The parts of d3-flame-graph 5 and d3-selection 3 that the page uses; neither ships types.

declare module 'd3-flame-graph' {
  interface FlameChart<Datum extends object> {
    (selection: import('d3-selection').Selection): void;
    width(px: number): this;
    cellHeight(px: number): this;
    inverted(rootOnTop: boolean): this;
    resetHeightOnZoom(yes: boolean): this;
    tooltip(tip: (() => void) & { show(): void; hide(): void }): this;
    setColorMapper(mapper: (frame: { data: Datum }) => string): this;
    update(root: Datum): this;
  }
  export default function flamegraph<Datum extends object>(): FlameChart<Datum>;
}

declare module 'd3-selection' {
  export interface Selection {
    datum(value: unknown): this;
    call(chart: (selection: Selection) => void): this;
  }
  export const selection: { readonly prototype: object };
  export function select(element: Element): Selection;
}

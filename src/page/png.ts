// Canvases that become files, and how large any canvas may be.

/** Browsers draw no canvas that is larger, either way. */
export const mostPixels = 16_000;

export function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('the browser drew no picture')))),
  );
}

/** Pixels of the canvas for one of the page: those of the screen, or fewer where it would be too large. */
export function canvasScale(widthPx: number, heightPx: number): number {
  return Math.min(window.devicePixelRatio || 1, mostPixels / Math.max(widthPx, heightPx, 1));
}

/** Filled with the colour of the page, and to be drawn on in its pixels. */
export function newCanvas(widthPx: number, heightPx: number): CanvasRenderingContext2D {
  const scale = canvasScale(widthPx, heightPx);
  const canvas = document.createElement('canvas');
  canvas.width = Math.min(mostPixels, Math.ceil(widthPx * scale));
  canvas.height = Math.min(mostPixels, Math.ceil(heightPx * scale));
  const context = canvas.getContext('2d')!;
  context.fillStyle = paperColours().paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.scale(scale, scale);
  return context;
}

export function paperColours(): { paper: string; ink: string } {
  const { backgroundColor, color } = getComputedStyle(document.body);
  return { paper: backgroundColor, ink: color };
}

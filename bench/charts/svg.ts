// Writes SVG: elements, escaped text, and paths. line-chart.ts says what is drawn.

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** A place in a picture, in pixels from its upper left corner. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Writes an element around others, which are written already. Attributes that are undefined are left out. */
export function element(name: string, attributes: Attributes, ...inside: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? short(value) : `${value}`)}"`);
  const opening = `<${name}${written.join('')}`;
  return inside.length === 0 ? `${opening}/>` : `${opening}>${inside.join('')}</${name}>`;
}

/** Writes text at a place. */
export function text(words: string, at: Place, attributes: Attributes = {}): string {
  return element('text', { ...at, ...attributes }, escaped(words));
}

/** Writes a path through places, in their order; '' where there are none. */
export function path(places: readonly Place[]): string {
  return places.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${short(x)} ${short(y)}`).join('');
}

/** What stands for characters that have a meaning in XML. */
const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escaped(words: string): string {
  return words.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A tenth of a pixel is as fine as anybody sees. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

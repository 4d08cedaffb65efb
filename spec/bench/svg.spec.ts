// What is written as SVG: elements, text that means itself, and paths.

import { describe, expect, it } from 'vitest';
import { markerPath } from '../../bench/charts/markers.ts';
import { element, escaped, path, text } from '../../bench/charts/svg.ts';

describe('element', () => {
  it('closes itself when nothing is inside, and leaves out what is undefined', () => {
    const written = element('path', { d: 'M0 0', 'stroke-width': 1.23, 'stroke-dasharray': undefined });
    expect(written).toBe('<path d="M0 0" stroke-width="1.2"/>');
  });

  it('has the elements inside as they are', () => {
    expect(element('g', {}, '<a/>', '<b/>')).toBe('<g><a/><b/></g>');
  });

  it('escapes the values of its attributes', () => {
    expect(element('g', { title: `"a" & 'b'` })).toBe('<g title="&quot;a&quot; &amp; &#39;b&#39;"/>');
  });
});

describe('text', () => {
  it('is escaped', () => {
    expect(text('a < b & c', { x: 1, y: 2 })).toBe('<text x="1" y="2">a &lt; b &amp; c</text>');
    expect(escaped(`<>&"'`)).toBe('&lt;&gt;&amp;&quot;&#39;');
  });
});

describe('path', () => {
  it('goes through its places, to a tenth of a pixel', () => {
    const places = [
      { x: 0, y: 1.04 },
      { x: 2.96, y: -3 },
    ];
    expect(path(places)).toBe('M0 1L3 -3');
  });

  it('is empty without places', () => {
    expect(path([])).toBe('');
  });
});

describe('markerPath', () => {
  it('has another shape for each marker', () => {
    const markers = ['disc', 'square', 'triangle', 'diamond', 'down', 'cross'] as const;
    const shapes = markers.map((marker) => markerPath(marker, { x: 100, y: 100 }));
    expect(new Set(shapes).size).toBe(markers.length);
    expect(shapes.join('')).not.toContain('NaN');
  });
});

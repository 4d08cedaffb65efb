// Draws the figures of a chart as lines over its axes, as wide as GitHub shows a page.
// The name of each series stands at the end of its line, a whisker goes from the least
// run to the most, and the conditions stand below. Both themes get the same lines.

import type { Chart } from './charts.ts';
import { spreadOf } from './figures.ts';
import type { ChartFigures, Series } from './figures.ts';
import { spreadLabels, wrapped } from './labels.ts';
import { markerPath } from './markers.ts';
import { scaleAt, scaleOf } from './scale.ts';
import type { Scale } from './scale.ts';
import { element, escaped, path, text } from './svg.ts';
import type { Place } from './svg.ts';
import { LOOKS } from './themes.ts';
import type { Look, Theme } from './themes.ts';

const WIDTH = 830;
/** Where the axes are. */
const PLOT = { left: 74, right: 704, top: 72, bottom: 372 };
const BELOW_PLOT = 76;
const LINE_HEIGHT = 17;
/** Of a line of conditions; a character takes 6 pixels and a little. */
const MOST_CHARACTERS = 122;
const BETWEEN_WHISKERS = 3;
const FONT = "system-ui, -apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif";

/** Where values are in the picture. */
interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly place: (x: number, y: number) => Place;
}

/** A series with what it looks like. */
interface Line {
  readonly series: Series;
  readonly look: Look;
  readonly colour: string;
}

/** Draws a chart. @returns An SVG file. */
export function drawChart(chart: Chart, figures: ChartFigures, theme: Theme): string {
  const axes = axesOf(chart, figures);
  const lines = linesOf(figures, theme);
  const conditions = figures.conditions.flatMap((each) => wrapped(each, MOST_CHARACTERS));
  const height = PLOT.bottom + BELOW_PLOT + conditions.length * LINE_HEIGHT;
  const picture = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: 'img',
      'aria-labelledby': 'title desc',
      'font-family': FONT,
      'font-size': 13,
      fill: theme.text,
    },
    `\n${element('title', { id: 'title' }, escaped(chart.title))}`,
    `\n${element('desc', { id: 'desc' }, escaped(inWords(chart, figures)))}`,
    `\n${element('rect', { width: WIDTH, height, fill: theme.background })}`,
    ...headline(chart, theme),
    ...grid(chart, axes, theme),
    // Ours comes first, and is drawn above the others.
    ...lines.map((line, index) => drawLine(line, axes, index - (lines.length - 1) / 2)).toReversed(),
    ...drawNames(lines, axes, theme),
    ...conditions.map((each, index) => note(each, PLOT.bottom + BELOW_PLOT + index * LINE_HEIGHT, theme)),
    '\n',
  );
  return `${picture}\n`;
}

function axesOf({ x, y }: Chart, { series }: ChartFigures): Axes {
  const points = series.flatMap((each) => each.points);
  const [across, up] = [
    scaleAt(
      x.scale,
      points.map((point) => point.x),
    ),
    scaleOf(
      y.scale,
      points.flatMap(({ runs }) => runs),
    ),
  ];
  const place = (atX: number, atY: number): Place => ({
    x: PLOT.left + across.at(atX) * (PLOT.right - PLOT.left),
    y: PLOT.bottom - up.at(atY) * (PLOT.bottom - PLOT.top),
  });
  return { x: across, y: up, place };
}

function linesOf({ series }: ChartFigures, { colours }: Theme): readonly Line[] {
  return series.map((each) => {
    const index = LOOKS.findIndex((look) => look.series === each.name);
    const [look, colour] = [LOOKS[index], colours[index]];
    if (look === undefined || colour === undefined) throw new Error(`${each.name} has no look`);
    return { series: each, look, colour };
  });
}

/** What a reader who sees no picture hears. */
function inWords({ x, y }: Chart, { series }: ChartFigures): string {
  if (series.length === 0) return 'Nothing was measured.';
  const told = series.map(({ name, points }) => {
    const values = points.map((point) => `${x.show(point.x)}: ${y.show(spreadOf(point.runs).middle)}`);
    return `${name} – ${values.join(', ')}.`;
  });
  return [`Vertical: ${y.title}. Horizontal: ${x.title}.`, ...told].join(' ');
}

function headline({ title, y }: Chart, { faint }: Theme): readonly string[] {
  return [
    `\n${text(title, { x: 16, y: 28 }, { 'font-size': 17, 'font-weight': 600 })}`,
    `\n${text(`↑ ${y.title}; less is better`, { x: 16, y: 50 }, { fill: faint })}`,
  ];
}

function grid({ x, y }: Chart, axes: Axes, { grid: colour, faint }: Theme): readonly string[] {
  const { left, right, top, bottom } = PLOT;
  const [firstX = NaN] = axes.x.ticks;
  const [firstY = NaN] = axes.y.ticks;
  const across = axes.y.ticks.map((tick) => axes.place(firstX, tick));
  const up = axes.x.ticks.map((tick) => axes.place(tick, firstY));
  const lines = [
    ...across.map((from) => path([from, { x: right, y: from.y }])),
    ...up.map((from) => path([from, { x: from.x, y: top }])),
  ];
  const names = [
    ...axes.y.ticks.map((tick, index) =>
      text(y.show(tick), { x: left - 8, y: (across[index]?.y ?? NaN) + 4.5 }, { 'text-anchor': 'end' }),
    ),
    ...axes.x.ticks.map((tick, index) =>
      text(x.show(tick), { x: up[index]?.x ?? NaN, y: bottom + 20 }, { 'text-anchor': 'middle' }),
    ),
    text(`${x.title} →`, { x: (left + right) / 2, y: bottom + 42 }, { 'text-anchor': 'middle' }),
  ];
  return [
    `\n${element('path', { d: lines.join(''), stroke: colour, fill: 'none' })}`,
    `\n${element('g', { fill: faint }, ...names)}`,
  ];
}

/** @param beside - How far its whiskers stand beside its points, so that they do not hide those of others. */
function drawLine({ series, look, colour }: Line, axes: Axes, beside: number): string {
  const spreads = series.points.map(({ x, runs }) => ({ x, ...spreadOf(runs) }));
  const places = spreads.map(({ x, middle }) => axes.place(x, middle));
  const whiskers = spreads.map(({ x, least, most }) => {
    const [low, high] = [axes.place(x, least), axes.place(x, most)];
    const aside = low.x + beside * BETWEEN_WHISKERS;
    return whisker({ ...low, x: aside }, { ...high, x: aside });
  });
  const markers = places.map((place) => markerPath(look.marker, place));
  return `\n${element(
    'g',
    { stroke: colour, fill: 'none' },
    element('path', {
      d: path(places),
      'stroke-width': look.width,
      'stroke-dasharray': look.dashes,
      'stroke-linejoin': 'round',
    }),
    element('path', { d: whiskers.join('') }),
    element('path', {
      d: markers.join(''),
      fill: look.marker === 'cross' ? undefined : colour,
      'stroke-width': look.marker === 'cross' ? 2 : undefined,
    }),
  )}`;
}

/** '' where all runs are alike, as far as can be seen. */
function whisker(least: Place, most: Place): string {
  return least.y - most.y < 1 ? '' : `${cap(least)}${path([least, most])}${cap(most)}`;
}

function cap({ x, y }: Place): string {
  return path([
    { x: x - 3, y },
    { x: x + 3, y },
  ]);
}

/** Each name beside the end of its line, moved where another one is. */
function drawNames(lines: readonly Line[], axes: Axes, { faint }: Theme): readonly string[] {
  const named = lines.flatMap(({ series: { name, points }, colour, look }) => {
    const last = points.at(-1);
    if (last === undefined) return [];
    return [{ name, colour, look, end: axes.place(last.x, spreadOf(last.runs).middle) }];
  });
  const places = spreadLabels(
    named.map(({ end }) => end.y),
    LINE_HEIGHT,
    PLOT,
  );
  const leaders = named.map(({ end }, index) =>
    path([
      { x: end.x + 7, y: end.y },
      { x: PLOT.right + 16, y: places[index] ?? NaN },
    ]),
  );
  return [
    `\n${element('path', { d: leaders.join(''), stroke: faint, 'stroke-width': 0.7, fill: 'none' })}`,
    ...named.map(({ name, colour, look }, index) => {
      const y = (places[index] ?? NaN) + 4.5;
      const weight = look.width > 2 ? 700 : undefined;
      return `\n${text(name, { x: PLOT.right + 20, y }, { fill: colour, 'font-weight': weight })}`;
    }),
  ];
}

function note(words: string, y: number, { faint }: Theme): string {
  return `\n${text(words, { x: 16, y }, { fill: faint, 'font-size': 12 })}`;
}

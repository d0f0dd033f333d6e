// Lays out a DAG in columns: each node after all that it needs, with few crossings. Deterministic.
// After Sugiyama, Tagawa, Toda (1981): layers, dummy nodes on long edges, barycentre sweeps.

const SWEEPS = 12;

/** The longest path to each node; with a stack, since recursion may overflow on a long chain. */
function layersOf(ids, needs) {
  const layer = new Map();
  const visit = (first) => {
    const stack = [first];
    while (stack.length) {
      const id = stack[stack.length - 1];
      const open = layer.has(id) ? [] : needs.get(id).filter((need) => !layer.has(need));
      if (open.length) {
        stack.push(...open);
        continue;
      }
      stack.pop();
      layer.set(id, Math.max(-1, ...needs.get(id).map((need) => layer.get(need))) + 1);
    }
  };
  ids.forEach(visit);
  return layer;
}

/** Columns of nodes {id, up, down, y}; long edges get a dummy node (without id) in each column between. */
function columnsOf(ids, needs) {
  const layer = layersOf(ids, needs);
  const columns = [];
  const nodes = new Map();
  const add = (at, id) => {
    const node = { id, up: [], down: [], y: 0, place: 0 };
    (columns[at] ??= []).push(node);
    return node;
  };
  for (const id of ids) nodes.set(id, add(layer.get(id), id));
  const edges = [];
  for (const id of ids) {
    for (const need of needs.get(id)) {
      const chain = [nodes.get(need)];
      for (let at = layer.get(need) + 1; at < layer.get(id); at++) chain.push(add(at, null));
      chain.push(nodes.get(id));
      for (let place = 1; place < chain.length; place++) {
        chain[place - 1].down.push(chain[place]);
        chain[place].up.push(chain[place - 1]);
      }
      edges.push({ from: need, to: id, chain });
    }
  }
  return { columns, nodes, edges, layer };
}

function numberNodes(columns) {
  for (const column of columns) column.forEach((node, place) => { node.place = place; });
}

/** Crossings between a column and the next: inversions, counted with a Fenwick tree, O(n log n). */
function crossingsAfter(column, size) {
  const tree = new Int32Array(size + 1);
  let seen = 0;
  let found = 0;
  for (const node of column) {
    const ends = node.down.map((each) => each.place);
    for (const end of ends) {
      let below = 0;
      for (let at = end + 1; at > 0; at -= at & -at) below += tree[at];
      found += seen - below;
    }
    for (const end of ends) {
      for (let at = end + 1; at <= size; at += at & -at) tree[at] += 1;
    }
    seen += ends.length;
  }
  return found;
}

function countCrossings(columns) {
  let found = 0;
  for (let at = 0; at + 1 < columns.length; at++) {
    found += crossingsAfter(columns[at], columns[at + 1].length);
  }
  return found;
}

function mean(nodes, of) {
  let sum = 0;
  for (const node of nodes) sum += of(node);
  return sum / nodes.length;
}

function sweepColumns(columns, way) {
  const order = columns.map((_, at) => (way === "up" ? at : columns.length - 1 - at));
  for (const at of order) {
    const column = columns[at];
    const key = new Map(column.map((node) => [
      node, node[way].length ? mean(node[way], (each) => each.place) : node.place,
    ]));
    column.sort((a, b) => key.get(a) - key.get(b) || a.place - b.place);
    column.forEach((node, place) => { node.place = place; });
    swapNeighbours(column, way);
  }
}

/** Swaps neighbours wherever that removes crossings; barycentres alone leave some. */
function swapNeighbours(column, way) {
  for (let place = 0; place + 1 < column.length; place++) {
    const [a, b] = [column[place], column[place + 1]];
    let gain = 0;
    for (const left of a[way]) {
      for (const right of b[way]) gain += Math.sign(left.place - right.place);
    }
    if (gain > 0) {
      [column[place], column[place + 1]] = [b, a];
      [a.place, b.place] = [place + 1, place];
    }
  }
}

function orderColumns(columns) {
  numberNodes(columns);
  let best = countCrossings(columns);
  let kept = columns.map((column) => [...column]);
  for (let turn = 0; turn < SWEEPS && best; turn++) {
    sweepColumns(columns, turn % 2 ? "down" : "up");
    const now = countCrossings(columns);
    if (now < best) {
      best = now;
      kept = columns.map((column) => [...column]);
    }
  }
  numberNodes(kept);
  return kept;
}

/**
 * Places each node as near to its *wish* as order and gaps allow, by least squares.
 *
 * Pool adjacent violators: nodes that would overlap merge into a block at their mean.
 */
function placeColumn(column, wish, gap) {
  const offsets = [0];
  for (let place = 1; place < column.length; place++) {
    offsets.push(offsets[place - 1] + gap(column[place - 1], column[place]));
  }
  const blocks = [];
  column.forEach((node, place) => {
    let block = { sum: wish(node) - offsets[place], size: 1 };
    while (blocks.length && blocks[blocks.length - 1].sum / blocks[blocks.length - 1].size
      > block.sum / block.size) {
      const before = blocks.pop();
      block = { sum: before.sum + block.sum, size: before.size + block.size };
    }
    blocks.push(block);
  });
  let place = 0;
  for (const { sum, size } of blocks) {
    for (let each = 0; each < size; each++, place++) column[place].y = sum / size + offsets[place];
  }
}

/** Returns node centres by id, edges as points, and the size; *needs* maps an id to its ids. */
export function layOutGraph(ids, needs, { width, height, across, between }) {
  const made = columnsOf(ids, needs);
  const columns = orderColumns(made.columns);
  const gap = (a, b) => (a.id && b.id ? height + between : (height + between) / (a.id || b.id ? 1.5 : 3));
  const at = (node) => node.y;
  columns.forEach((column) => placeColumn(column, (node) => node.place * (height + between), gap));
  for (let turn = 0; turn < 8; turn++) {
    const way = turn % 2 ? "down" : "up";
    const order = way === "up" ? columns : [...columns].reverse();
    for (const column of order) {
      placeColumn(column, (node) => (node[way].length ? mean(node[way], at) : node.y), gap);
    }
  }
  let top = Infinity;
  let bottom = -Infinity;
  for (const column of columns) {
    for (const node of column) {
      top = Math.min(top, node.y);
      bottom = Math.max(bottom, node.y);
    }
  }
  const x = (column) => width / 2 + column * (width + across);
  const place = new Map();
  for (const id of ids) {
    place.set(id, { x: x(made.layer.get(id)), y: made.nodes.get(id).y - top + height / 2 });
  }
  const edges = made.edges.map(({ from, to, chain }) => ({
    from,
    to,
    points: chain.map((node, step) => [x(made.layer.get(from) + step), node.y - top + height / 2]),
  }));
  const wide = columns.length * (width + across) - across;
  return { place, edges, width: wide, height: bottom - top + height };
}

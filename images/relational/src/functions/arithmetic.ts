import { divisionByZero, outOfRange, PgError } from "../errors.ts";
import { int8Max, int8Min } from "../types/numbers.ts";
import {
  addNumeric,
  applyNumericTypmod,
  compareNumeric,
  divideNumeric,
  divideTruncated,
  expNumeric,
  lnNumeric,
  logNumeric,
  moduloNumeric,
  multiplyNumeric,
  Numeric,
  powerNumeric,
  sqrtNumeric,
  subtractNumeric,
} from "../types/numeric.ts";
import { define, defineWith } from "./registry.ts";

type N = number;
type B = bigint;
type D = Numeric;

function int2(value: N): N {
  if (value < -32768 || value > 32767) throw outOfRange("smallint out of range");
  return value;
}
function int4(value: N): N {
  if (value < -2147483648 || value > 2147483647) throw outOfRange("integer out of range");
  return value;
}
function int8(value: B): B {
  if (value < int8Min || value > int8Max) throw outOfRange("bigint out of range");
  return value;
}
function float(value: N, isInfiniteAllowed: boolean, isZeroAllowed: boolean): N {
  if (!Number.isFinite(value) && !Number.isNaN(value) && !isInfiniteAllowed)
    throw outOfRange("value out of range: overflow");
  if (value === 0 && !isZeroAllowed) throw outOfRange("value out of range: underflow");
  return value;
}
/** No minus zero: an integer has none. */
const whole = (value: N): N => (value === 0 ? 0 : value);
const nonZero = (value: N): N => {
  if (value === 0) throw divisionByZero();
  return value;
};
const nonZeroBig = (value: B): B => {
  if (value === 0n) throw divisionByZero();
  return value;
};

define("int2pl", (a: N, b: N) => int2(a + b));
define("int2mi", (a: N, b: N) => int2(a - b));
define("int2mul", (a: N, b: N) => int2(whole(a * b)));
define("int2div", (a: N, b: N) => int2(whole(Math.trunc(a / nonZero(b)))));
define("int2mod int4mod", (a: N, b: N) => whole(a % nonZero(b)));
define("int4pl int24pl int42pl", (a: N, b: N) => int4(a + b));
define("int4mi int24mi int42mi", (a: N, b: N) => int4(a - b));
define("int4mul int24mul int42mul", (a: N, b: N) => int4(whole(a * b)));
define("int4div int24div int42div", (a: N, b: N) => int4(whole(Math.trunc(a / nonZero(b)))));
define("int8pl int84pl int48pl int82pl int28pl", (a: N | B, b: N | B) => int8(BigInt(a) + BigInt(b)));
define("int8mi int84mi int48mi int82mi int28mi", (a: N | B, b: N | B) => int8(BigInt(a) - BigInt(b)));
define("int8mul int84mul int48mul int82mul int28mul", (a: N | B, b: N | B) => int8(BigInt(a) * BigInt(b)));
define("int8div int84div int48div int82div int28div", (a: N | B, b: N | B) =>
  int8(BigInt(a) / nonZeroBig(BigInt(b))),
);
define("int8mod", (a: B, b: B) => a % nonZeroBig(b));
define("int2um", (a: N) => int2(whole(-a)));
define("int4um", (a: N) => int4(whole(-a)));
define("int8um", (a: B) => int8(-a));
define("int2up int4up int8up float4up float8up numeric_uplus", (a: N) => a);
define("int2abs", (a: N) => int2(Math.abs(a)));
define("int4abs", (a: N) => int4(Math.abs(a)));
define("int8abs", (a: B) => int8(a < 0n ? -a : a));
define("int2and int4and", (a: N, b: N) => a & b);
define("int2or int4or", (a: N, b: N) => a | b);
define("int2xor int4xor", (a: N, b: N) => a ^ b);
define("int2not int4not", (a: N) => ~a);
define("int4shl", (a: N, b: N) => a << (b & 31));
define("int4shr", (a: N, b: N) => a >> (b & 31));
define("int2shl", (a: N, b: N) => ((a << (b & 31)) << 16) >> 16);
define("int2shr", (a: N, b: N) => a >> (b & 31));
define("int8and", (a: B, b: B) => a & b);
define("int8or", (a: B, b: B) => a | b);
define("int8xor", (a: B, b: B) => a ^ b);
define("int8not", (a: B) => ~a);
define("int8shl", (a: B, b: N) => BigInt.asIntN(64, a << BigInt(b & 63)));
define("int8shr", (a: B, b: N) => a >> BigInt(b & 63));
define("int2larger int4larger date_larger", (a: N, b: N) => (a > b ? a : b));
define("int2smaller int4smaller date_smaller", (a: N, b: N) => (a < b ? a : b));
define("int8inc", (a: B) => int8(a + 1n));
define("oidlarger", (a: N, b: N) => (a > b ? a : b));

// float8 and float4
const single = (fn: (a: N, b: N) => N) => (a: N, b: N) => {
  const result = Math.fround(fn(a, b));
  return float(result, !Number.isFinite(a) || !Number.isFinite(b), true);
};
const double = (fn: (a: N, b: N) => N) => (a: N, b: N) =>
  float(fn(a, b), !Number.isFinite(a) || !Number.isFinite(b), true);
define(
  "float8pl float48pl float84pl",
  double((a, b) => a + b),
);
define(
  "float8mi float48mi float84mi",
  double((a, b) => a - b),
);
define("float8mul float48mul float84mul", (a: N, b: N) =>
  float(a * b, !Number.isFinite(a) || !Number.isFinite(b), a === 0 || b === 0),
);
define("float8div float48div float84div", (a: N, b: N) => {
  if (b === 0 && !Number.isNaN(a)) throw divisionByZero();
  return float(a / b, !Number.isFinite(a), a === 0 || !Number.isFinite(b));
});
define(
  "float4pl",
  single((a, b) => a + b),
);
define(
  "float4mi",
  single((a, b) => a - b),
);
define("float4mul", (a: N, b: N) =>
  float(Math.fround(a * b), !Number.isFinite(a) || !Number.isFinite(b), a === 0 || b === 0),
);
define("float4div", (a: N, b: N) => {
  if (b === 0 && !Number.isNaN(a)) throw divisionByZero();
  return float(Math.fround(a / b), !Number.isFinite(a), a === 0 || !Number.isFinite(b));
});
define("float8um float4um", (a: N) => -a);
define("float8abs float4abs", (a: N) => Math.abs(a));
define("dround", (a: N) => roundHalfEven(a));
define("dceil", (a: N) => Math.ceil(a));
define("dfloor", (a: N) => Math.floor(a));
define("dtrunc", (a: N) => Math.trunc(a));
define("dsign", (a: N) => (a > 0 ? 1 : a < 0 ? -1 : 0));
define("dsqrt", (a: N) => {
  if (a < 0) throw new PgError("2201F", "cannot take square root of a negative number");
  return Math.sqrt(a);
});
define("dcbrt", (a: N) => Math.cbrt(a));
define("dexp", (a: N) => float(Math.exp(a), !Number.isFinite(a), !Number.isFinite(a)));
const positive = (a: N): N => {
  if (a === 0) throw new PgError("2201E", "cannot take logarithm of zero");
  if (a < 0) throw new PgError("2201E", "cannot take logarithm of a negative number");
  return a;
};
define("dlog1", (a: N) => Math.log(positive(a)));
define("dlog10", (a: N) => Math.log10(positive(a)));
define("dpow", (a: N, b: N) => {
  if (a === 0 && b < 0) throw new PgError("2201F", "zero raised to a negative power is undefined");
  if (a < 0 && Number.isFinite(a) && Number.isFinite(b) && !Number.isInteger(b))
    throw new PgError("2201F", "a negative number raised to a non-integer power yields a complex result");
  if (a === 1 || b === 0) return 1;
  if (a === -1 && !Number.isFinite(b) && !Number.isNaN(b)) return 1;
  return float(
    a ** b,
    !Number.isFinite(a) || !Number.isFinite(b),
    a === 0 || !Number.isFinite(a) || !Number.isFinite(b),
  );
});
define("degrees", (a: N) => float((a / Math.PI) * 180, !Number.isFinite(a), true));
define("radians", (a: N) => (a / 180) * Math.PI);
define("dpi", () => Math.PI);
const finiteOnly = (fn: (a: N) => N) => (a: N) => {
  if (!Number.isFinite(a) && !Number.isNaN(a)) throw outOfRange("input is out of range");
  return fn(a);
};
const withinOne = (fn: (a: N) => N) => (a: N) => {
  if (a < -1 || a > 1) throw outOfRange("input is out of range");
  return fn(a);
};
define("dsin", finiteOnly(Math.sin));
define("dcos", finiteOnly(Math.cos));
define("dtan", finiteOnly(Math.tan));
define(
  "dcot",
  finiteOnly((a) => 1 / Math.tan(a)),
);
define("dasin", withinOne(Math.asin));
define("dacos", withinOne(Math.acos));
define("datan", (a: N) => Math.atan(a));
define("datan2", (a: N, b: N) => Math.atan2(a, b));
define("dsinh", (a: N) => Math.sinh(a));
define("dcosh", (a: N) => Math.cosh(a));
define("dtanh", (a: N) => Math.tanh(a));
define("dasinh", (a: N) => Math.asinh(a));
define("dacosh", (a: N) => {
  if (a < 1) throw outOfRange("input is out of range");
  return Math.acosh(a);
});
define("datanh", withinOne(Math.atanh));
const degrees = (radians: N) => (radians * 180) / Math.PI;
const exactDegrees = (a: N, fn: (radians: N) => N, table: Readonly<Record<number, N>>) => {
  const turned = a % 360;
  return table[turned] ?? fn((turned * Math.PI) / 180);
};
define(
  "dsind",
  finiteOnly((a) =>
    exactDegrees(a, Math.sin, {
      0: 0,
      30: 0.5,
      90: 1,
      150: 0.5,
      180: 0,
      210: -0.5,
      270: -1,
      330: -0.5,
      [-30]: -0.5,
      [-90]: -1,
      [-180]: 0,
    }),
  ),
);
define(
  "dcosd",
  finiteOnly((a) =>
    exactDegrees(a, Math.cos, {
      0: 1,
      60: 0.5,
      90: 0,
      120: -0.5,
      180: -1,
      240: -0.5,
      270: 0,
      300: 0.5,
      [-60]: 0.5,
      [-90]: 0,
      [-180]: -1,
    }),
  ),
);
define(
  "dtand",
  finiteOnly((a) =>
    exactDegrees(a, Math.tan, {
      0: 0,
      45: 1,
      90: Infinity,
      135: -1,
      180: 0,
      225: 1,
      270: -Infinity,
      315: -1,
      [-45]: -1,
    }),
  ),
);
define(
  "dasind",
  withinOne((a) => degrees(Math.asin(a))),
);
define(
  "dacosd",
  withinOne((a) => degrees(Math.acos(a))),
);
define("datand", (a: N) => degrees(Math.atan(a)));
define("datan2d", (a: N, b: N) => degrees(Math.atan2(a, b)));
define("float8larger float4larger", (a: N, b: N) => (Number.isNaN(a) || a > b ? a : b));
define("float8smaller float4smaller", (a: N, b: N) => (Number.isNaN(b) || a < b ? a : b));

function roundHalfEven(value: N): N {
  if (!Number.isFinite(value)) return value;
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  const rounded = rest < 0.5 ? floor : floor + 1;
  return rounded === 0 && value < 0 ? -0 : rounded;
}

// numeric
define("numeric_add", addNumeric);
define("numeric_sub", subtractNumeric);
define("numeric_mul", multiplyNumeric);
define("numeric_div", divideNumeric);
define("numeric_mod", moduloNumeric);
define("numeric_div_trunc", divideTruncated);
define("numeric_uminus", (a: D) => a.negate());
define("numeric_abs", (a: D) => a.abs());
define("numeric_sign", (a: D) => (a.isNaN ? a : Numeric.fromInteger(a.sign)));
define("numeric_round", (a: D, scale: N) => a.round(scale));
define("numeric_trunc", (a: D, scale: N) => a.truncate(scale));
define("numeric_ceil", (a: D) => a.ceil());
define("numeric_floor", (a: D) => a.floor());
define("numeric_sqrt", sqrtNumeric);
define("numeric_exp", expNumeric);
define("numeric_ln", lnNumeric);
define("numeric_log", logNumeric);
define("numeric_power", powerNumeric);
define("numeric", applyNumericTypmod);
define("numeric_scale", (a: D) => (a.special === undefined ? a.scale : null));
define("numeric_min_scale", (a: D) => (a.special === undefined ? a.trim().scale : null));
define("numeric_trim_scale", (a: D) => a.trim());
define("numeric_larger", (a: D, b: D) => (compareNumeric(a, b) > 0 ? a : b));
define("numeric_smaller", (a: D, b: D) => (compareNumeric(a, b) < 0 ? a : b));
define("numeric_inc", (a: D) => addNumeric(a, Numeric.one));
const two = new Numeric(2n, 0);
define("numeric_fac", (n: B) => {
  if (n < 0n) throw outOfRange("factorial of a negative number is undefined");
  if (n > 32177n) throw outOfRange("value overflows numeric format");
  let result = 1n;
  for (let i = 2n; i <= n; i++) result *= i;
  return new Numeric(result, 0);
});
void two;
const gcdOf = (a: B, b: B): B => {
  let x = a < 0n ? -a : a;
  let y = b < 0n ? -b : b;
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
};
define("int4gcd", (a: N, b: N) => int4(Number(gcdOf(BigInt(a), BigInt(b)))));
define("int8gcd", (a: B, b: B) => int8(gcdOf(a, b)));
const lcmOf = (a: B, b: B): B => {
  if (a === 0n || b === 0n) return 0n;
  const product = (a / gcdOf(a, b)) * b;
  return product < 0n ? -product : product;
};
define("int4lcm", (a: N, b: N) => int4(Number(lcmOf(BigInt(a), BigInt(b)))));
define("int8lcm", (a: B, b: B) => int8(lcmOf(a, b)));
define("numeric_gcd", (a: D, b: D) => {
  const scale = Math.max(a.scale, b.scale);
  return new Numeric(gcdOf(a.round(scale).digits, b.round(scale).digits), scale);
});
define("numeric_lcm", (a: D, b: D) => {
  const scale = Math.max(a.scale, b.scale);
  return new Numeric(lcmOf(a.round(scale).digits, b.round(scale).digits), scale);
});

// casts between numbers
define("int42 int4_to_int2", (a: N) => int2(a));
define("i2toi4 i4toi2", (a: N) => int2(a));
define("i4toi2", (a: N) => int2(a));
define("i2toi4", (a: N) => a);
define("int84", (a: B) => {
  if (a < -2147483648n || a > 2147483647n) throw outOfRange("integer out of range");
  return Number(a);
});
define("int82", (a: B) => {
  if (a < -32768n || a > 32767n) throw outOfRange("smallint out of range");
  return Number(a);
});
define("int48 int28", (a: N) => BigInt(a));
define("oidtoi8", (a: N) => BigInt(a));
define("i8tooid", (a: B) => {
  if (a < 0n || a > 4294967295n) throw outOfRange("OID out of range");
  return Number(a);
});
define("i4tod i2tod ftod", (a: N) => a);
define("i4tof i2tof", (a: N) => Math.fround(a));
define("i8tod", (a: B) => Number(a));
define("i8tof", (a: B) => Math.fround(Number(a)));
define("dtof", (a: N) => float(Math.fround(a), !Number.isFinite(a), a === 0));
define("dtoi4 ftoi4", (a: N) => {
  const rounded = roundHalfEven(a);
  if (!(rounded >= -2147483648 && rounded <= 2147483647)) throw outOfRange("integer out of range");
  return whole(rounded);
});
define("dtoi2 ftoi2", (a: N) => {
  const rounded = roundHalfEven(a);
  if (!(rounded >= -32768 && rounded <= 32767)) throw outOfRange("smallint out of range");
  return whole(rounded);
});
define("dtoi8 ftoi8", (a: N) => {
  const rounded = roundHalfEven(a);
  if (!(rounded >= -(2 ** 63) && rounded < 2 ** 63)) throw outOfRange("bigint out of range");
  return BigInt(rounded);
});
define("int4_numeric int2_numeric int8_numeric", (a: N | B) => Numeric.fromInteger(a));
define("float8_numeric", (a: N) => Numeric.fromFloat(a, 15));
define("float4_numeric", (a: N) => Numeric.fromFloat(a, 6));
const toInteger = (a: D, name: string, min: B, max: B): B => {
  if (a.isNaN) throw new PgError("0A000", `cannot convert NaN to ${name}`);
  if (a.special !== undefined) throw new PgError("0A000", `cannot convert infinity to ${name}`);
  const value = a.round(0).digits;
  if (value < min || value > max) throw outOfRange(`${name} out of range`);
  return value;
};
define("numeric_int4", (a: D) => Number(toInteger(a, "integer", -2147483648n, 2147483647n)));
define("numeric_int2", (a: D) => Number(toInteger(a, "smallint", -32768n, 32767n)));
define("numeric_int8", (a: D) => toInteger(a, "bigint", int8Min, int8Max));
define("numeric_float8", (a: D) => {
  const value = a.toNumber();
  if (!Number.isFinite(value) && a.special === undefined)
    throw outOfRange(`"${a}" is out of range for type double precision`);
  return value;
});
define("numeric_float4", (a: D) => {
  const value = Math.fround(a.toNumber());
  if (!Number.isFinite(value) && a.special === undefined)
    throw outOfRange(`"${a}" is out of range for type real`);
  return value;
});
define("int4_bool", (a: N) => a !== 0);
define("bool_int4", (a: boolean) => (a ? 1 : 0));

const bucket = (low: D, high: D, value: D, count: N): N => {
  if (count <= 0) throw new PgError("2201G", "count must be greater than zero");
  const order = compareNumeric(low, high);
  if (order === 0) throw new PgError("2201G", "lower bound cannot equal upper bound");
  const [from, to] = order < 0 ? [low, high] : [high, low];
  const isUp = order < 0;
  if (compareNumeric(value, from) < 0) return isUp ? 0 : count + 1;
  if (isUp ? compareNumeric(value, to) >= 0 : compareNumeric(value, to) > 0) return isUp ? count + 1 : 0;
  const distance = isUp ? subtractNumeric(value, from) : subtractNumeric(to, value);
  const scale = Math.max(distance.scale, to.scale, from.scale);
  const width = subtractNumeric(to, from).round(scale).digits;
  return Number((distance.round(scale).digits * BigInt(count)) / width) + 1;
};
define("width_bucket_numeric", (value: D, low: D, high: D, count: N) =>
  int4(bucket(low, high, value, count)),
);
define("width_bucket_float8", (value: N, low: N, high: N, count: N) =>
  int4(bucket(Numeric.parse(String(low)), Numeric.parse(String(high)), Numeric.parse(String(value)), count)),
);
defineWith("drandom", () => Math.random());
defineWith("setseed", () => null);
define("int4random", (low: N, high: N) => {
  if (low > high) throw new PgError("22023", "lower bound must be less than or equal to upper bound");
  return low + Math.floor(Math.random() * (high - low + 1));
});
define("int8random", (low: B, high: B) => {
  if (low > high) throw new PgError("22023", "lower bound must be less than or equal to upper bound");
  return low + BigInt(Math.floor(Math.random() * Number(high - low + 1n)));
});

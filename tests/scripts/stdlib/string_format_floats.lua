-- string.format with %f %e %g %a: flags, width, precision, special values.
print(string.format("%f %e %g", 1.5, 1.5, 1.5), string.format("%.2f %.0f %.10f", 3.14159, 2.5, 0.1))
-- expect: 1.500000 1.500000e+00 1.5 3.14 2 0.1000000000
print(string.format("[%10.3f] [%-10.3f] [%+.1f] [%010.2f] [% f]", 3.14159, 3.14159, 2, 3.14159, 1))
-- expect: [     3.142] [3.142     ] [+2.0] [0000003.14] [ 1.000000]
print(string.format("%e %.2e %E %.0e", 12345.678, 12345.678, 12345.678, 12345.678)) -- expect: 1.234568e+04 1.23e+04 1.234568E+04 1e+04
print(string.format("%g %g %g %g %g", 100000, 1000000, 1e20, 0.0001, 0.00001), string.format("%G", 1e-10))
-- expect: 100000 1e+06 1e+20 0.0001 1e-05 1E-10
print(string.format("%#g %#.3g %.3g %.10g %.17g", 1, 1, 1234567, 0.1, 0.1)) -- expect: 1.00000 1.00 1.23e+06 0.1 0.10000000000000001
print(string.format("%f %f %e %g %G", math.huge, -math.huge, math.huge, math.huge, -math.huge)) -- expect: inf -inf inf inf -INF
print(string.format("[%8.2f] [%-8g] [%08.1f] [%8f]", math.huge, math.huge, -math.huge, -math.huge))
-- expect: [     inf] [inf     ] [    -inf] [    -inf]
print(string.format("%a %a %a", 1.0, 0.5, 255.5), string.format("%A %.2a %a", 1.0, 1.125, 0.0))
-- expect: 0x1p+0 0x1p-1 0x1.ffp+7 0X1P+0 0x1.20p+0 0x0p+0
print(string.format("%.3f", 2/3), string.format("%.20f", 0.1), string.format("%5.1f|%-7.2f|", 9.96, 9.995))
-- expect: 0.667 0.10000000000000000555  10.0|9.99   |
print(string.format("%.14g", 3.14159265358979), string.format("%.14g", 1e15), string.format("%.14g", 123456789012345678))
-- expect: 3.1415926535898 1e+15 1.2345678901235e+17
print(string.format("%.0f %.0f %.0f %.0f", 0.5, 1.5, 2.5, 3.5), string.format("%#.0f", 3)) -- expect: 0 2 2 4 3.
print(string.format("%f", 1e15), string.format("%.3f", 1e300):len(), string.format("%f", -0.0), string.format("%g", -0.0))
-- expect: 1000000000000000.000000 305 -0.000000 -0
print(string.format("%g", 5), string.format("%f", "1.5"), string.format("%.1f", "0x10")) -- expect: 5 1.500000 16.0
print(string.format("%.99f", 1/3):sub(1, 30), string.format("%5.3s|%.2s|", "abcdef", "xyz"))
-- expect: 0.3333333333333333148296162562   abc|xy|
print(string.format("%g %g %g", 2^53, 2^63, 1e100), string.format("%.3g|%10.4g|%-10.4g|", 0.00012345, 123.456, 1e-7))
-- expect: 9.0072e+15 9.22337e+18 1e+100 0.000123|     123.5|1e-07     |
print(pcall(string.format, "%f", "x")) -- expect: false bad argument #2 to 'string.format' (number expected, got string)
print(pcall(string.format, "%.100f", 1)) -- expect: false invalid conversion specification: '%.100f'
print(string.format("%e", 0), string.format("%.15g %.16g", 0.1, 0.1), string.format("%.3e", 9.9996e9))
-- expect: 0.000000e+00 0.1 0.1 1.000e+10
print(string.format("%g %g", 123456, 1234567), string.format("%g %g", 999999.5, 9999995)) -- expect: 123456 1.23457e+06 1e+06 1e+07

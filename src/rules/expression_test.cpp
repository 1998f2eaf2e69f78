// Single expressions: their trees, types and mistakes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "rules/explain.h"
#include "rules/parser.h"

namespace bank::rules {
namespace {

using testing::HasSubstr;

Mark at(std::size_t offset) { return {1, static_cast<int>(offset) + 1}; }

std::string type_text(const Type& type) {
  switch (type.kind) {
    case TypeKind::boolean: return "boolean";
    case TypeKind::exact: return fmt::format("exact {}/{}{}", type.scale, type.digits, type.money ? " money" : "");
    case TypeKind::real: return type.money ? "real money" : "real";
    case TypeKind::text: return "text";
    case TypeKind::null: return "null";
  }
  return "";
}

/// The tree with every parenthesis, so that precedence shows.
std::string tree(const Expr& expr) {
  std::string text;
  switch (expr.op) {
    case Op::field:
      text = expr.scope == Scope::entry ? "entry." : expr.scope == Scope::last ? "last." : "";
      text += fmt::format("f{}", static_cast<int>(expr.field));
      break;
    case Op::number_literal: text = fmt::format("{}e-{}", static_cast<long long>(expr.number), expr.type.scale); break;
    case Op::boolean_literal: text = expr.number != 0 ? "true" : "false"; break;
    case Op::text_literal: text = '"' + expr.text + '"'; break;
    case Op::null_literal: text = "null"; break;
    case Op::since_last: text = "since_last"; break;
    case Op::aggregate:
      text = fmt::format("{}g{} {}s", expr.prior ? "prior " : "", static_cast<int>(expr.function),
                         expr.window_us / 1'000'000);
      if (expr.operand) text += " of " + tree(*expr.operand);
      if (expr.condition) text += " if " + tree(*expr.condition);
      text = '[' + text + ']';
      break;
    default:
      text = fmt::format("({}", static_cast<int>(expr.op));
      for (const ExprPtr& arg : expr.args) text += ' ' + tree(*arg);
      text += ')';
  }
  return text;
}

std::string refusal(std::string_view text) {
  const auto expr = parse_expression(text, 0, at);
  return expr ? "accepted" : fmt::format("{}: {}", expr.error().offset + 1, expr.error().message);
}

struct Same {
  std::string_view text;
  std::string_view other;
};

class Precedence : public testing::TestWithParam<Same> {};

TEST_P(Precedence, IsAsWithParentheses) {
  const auto expr = parse_expression(GetParam().text, 0, at);
  const auto other = parse_expression(GetParam().other, 0, at);
  ASSERT_TRUE(expr.has_value()) << refusal(GetParam().text);
  ASSERT_TRUE(other.has_value()) << refusal(GetParam().other);
  EXPECT_EQ(tree(**expr), tree(**other));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Precedence,
    testing::Values(
        Same{"true or false and true", "true or (false and true)"}, Same{"not true or false", "(not true) or false"},
        Same{"not amount > 5 and true", "(not (amount > 5)) and true"},
        Same{"amount + 1 > 2 * 3", "(amount + 1) > (2 * 3)"}, Same{"1 - 2 - 3 > 0", "((1 - 2) - 3) > 0"},
        Same{"8 / 4 / 2 > 0", "((8 / 4) / 2) > 0"}, Same{"1 + 2 * 3 - 4 > 0", "((1 + (2 * 3)) - 4) > 0"},
        Same{"-amount * 2 > 0", "(-amount) * 2 > 0"}, Same{"merchant not in [\"A\"]", "not (merchant in [\"A\"])"},
        Same{"null != merchant", "merchant != null"}, Same{"null == merchant", "merchant == null"},
        Same{"amount in [1, -2.50]", "(amount) in [ 1 , - 2.50 ]"}, Same{"merchant == 'a\"b'", R"(merchant == "a\"b")"},
        Same{R"(merchant == "\u00e9\ud83d\ude00\n")", "merchant == \"é😀\\n\""},
        Same{"10 * prior.avg(amount, 24h) < amount", "(10 * (prior.avg(amount, 1d))) < amount"},
        Same{"count(\n5m\t) >= 5", "count(300s)>=5"}));

struct Typed {
  std::string_view text;
  std::string_view type;
};

class Types : public testing::TestWithParam<Typed> {};

TEST_P(Types, AreTracked) {
  const auto expr = parse_expression(GetParam().text, 0, at);
  ASSERT_TRUE(expr.has_value()) << refusal(GetParam().text);
  EXPECT_EQ(type_text((*expr)->type), GetParam().type);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Types,
    testing::Values(
        // leaves
        Typed{"amount", "exact 4/18 money"}, Typed{"last.amount", "exact 4/18 money"}, Typed{"hour", "exact 0/2"},
        Typed{"weekday", "exact 0/1"}, Typed{"merchant", "text"}, Typed{"since_last", "exact 6/18"},
        Typed{"5000", "exact 0/4"}, Typed{"0.50", "exact 2/2"}, Typed{"0", "exact 0/1"}, Typed{"0.00", "exact 2/1"},
        Typed{"999999999999999999", "exact 0/18"}, Typed{"-12.5", "exact 1/3"}, Typed{"true", "boolean"},
        Typed{"'x'", "text"},
        // aggregates
        Typed{"count(5m)", "exact 0/10"}, Typed{"distinct(merchant, 5m)", "exact 0/10"},
        Typed{"sum(amount, 5m)", "exact 4/28 money"}, Typed{"prior.sum(amount, 5m, true)", "exact 4/28 money"},
        Typed{"sum(hour * 2, 5m)", "exact 0/13"}, Typed{"min(amount, 5m)", "exact 4/18 money"},
        Typed{"max(hour - weekday, 5m)", "exact 0/3"}, Typed{"avg(amount, 5m)", "real money"},
        Typed{"avg(hour, 5m)", "real"}, Typed{"stddev(amount, 5m)", "real money"},
        // arithmetic
        Typed{"amount + amount", "exact 4/19 money"}, Typed{"amount + 1", "exact 4/19"},
        Typed{"hour + 0.001", "exact 3/6"}, Typed{"amount * 2", "exact 4/19 money"},
        Typed{"2 * amount", "exact 4/19 money"}, Typed{"amount * 0.25", "exact 6/20 money"},
        Typed{"amount * amount", "exact 8/36"}, Typed{"-amount", "exact 4/18 money"}, Typed{"amount / 2", "real money"},
        Typed{"amount / amount", "real"}, Typed{"2 / amount", "real"}, Typed{"10 * avg(amount, 5m)", "real money"},
        Typed{"avg(amount, 5m) + amount", "real money"}, Typed{"avg(amount, 5m) + 1", "real"},
        Typed{"sum(amount, 5m) * count(5m)", "exact 4/38 money"}, Typed{"amount * (amount / 1)", "real"},
        // conditions
        Typed{"amount > 5000", "boolean"}, Typed{"amount == null", "boolean"}, Typed{"amount in [1, 2.5]", "boolean"},
        Typed{"merchant contains location", "boolean"}, Typed{"avg(amount, 5m) > amount", "boolean"}));

class RoundTrip : public testing::TestWithParam<std::string_view> {};

TEST_P(RoundTrip, OfSpelling) {
  const auto expr = parse_expression(GetParam(), 0, at);
  ASSERT_TRUE(expr.has_value()) << refusal(GetParam());
  EXPECT_EQ(spell(**expr), GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Table, RoundTrip,
    testing::Values("amount > 5000.00", "(true or false) and not (true and false)", "not not true",
                    "-(1 + 2) * 3 - (4 - 5) > 0.05", "8 / (4 / 2) > -1", "merchant == null or last.merchant != null",
                    "merchant in [\"A\", \"B \\\" \\\\ \\n\\t\\u0001\"]", "not hour in [1, -2]",
                    "prior.count(30m, amount < 10) >= 3",
                    "count(2m, merchant == this.merchant and amount == this.amount) >= 2",
                    "sum(hour * 2 + weekday, 24h, not (status == \"FAILED\" or location == null)) > 3",
                    "distinct(amount, 7d) > min(amount, 90s) / 2",
                    "(merchant starts_with \"A\" or merchant ends_with \"B\") and since_last < 60",
                    "merchant contains last.merchant", "--amount > 0"));

TEST(Conditions, SeeTheEntryAndTheTransaction) {
  const auto expr = parse_expression("count(5m, merchant == this.merchant) > 0 and merchant == 'x'", 0, at);
  ASSERT_TRUE(expr.has_value());
  EXPECT_EQ(tree(**expr), "(9 (15 [g0 300s if (11 entry.f4 f4)] 0e-0) (11 f4 \"x\"))");
}

TEST(Marks, PointAtOperatorsAndNames) {
  const auto expr = parse_expression("amount >= prior.sum(amount, 5m)", 0, at);
  ASSERT_TRUE(expr.has_value());
  EXPECT_EQ((*expr)->mark.column, 8);
  EXPECT_EQ((*expr)->args[0]->mark.column, 1);
  EXPECT_EQ((*expr)->args[1]->mark.column, 11);
  EXPECT_EQ((*expr)->args[1]->operand->mark.column, 21);
}

struct Wrong {
  std::string_view text;
  int column;
  std::string_view part;
};

class Mistakes : public testing::TestWithParam<Wrong> {};

TEST_P(Mistakes, SayWhereWhatAndWhatWouldBeRight) {
  const auto expr = parse_expression(GetParam().text, 0, at);
  ASSERT_FALSE(expr.has_value()) << tree(**expr);
  EXPECT_EQ(static_cast<int>(expr.error().offset) + 1, GetParam().column) << expr.error().message;
  EXPECT_THAT(expr.error().message, HasSubstr(GetParam().part));
}

INSTANTIATE_TEST_SUITE_P(
    Names, Mistakes,
    testing::Values(Wrong{"ammount > 5", 1, "unknown field 'ammount'; did you mean 'amount'?"},
                    Wrong{"Amount > 5", 1, "did you mean 'amount'?"},
                    Wrong{"zzzzz > 5", 1, "unknown field 'zzzzz'; known are amount, transaction_type"},
                    Wrong{"last.merchnt == null", 6, "did you mean 'merchant'?"},
                    Wrong{"timestamp > 5", 1, "since_last, hour and weekday"},
                    Wrong{"cuont(5m) > 5", 1, "unknown function 'cuont'; did you mean 'count'?"},
                    Wrong{"prior.cuont(5m) > 5", 7, "unknown function 'cuont'; did you mean 'count'?"},
                    Wrong{"median(amount, 5m) > 5", 1, "known are count, sum"},
                    Wrong{"amount > 5 AND true", 12, "did you mean 'and'?"}, Wrong{"True", 1, "did you mean 'true'?"},
                    Wrong{"and", 1, "'and' stands where a value"}, Wrong{"this.amount > 5", 1, "write amount"},
                    Wrong{"last > 5", 6, "'.' and a field, as in last.merchant"},
                    Wrong{"last. > 5", 7, "a field, as in last.merchant"},
                    Wrong{"prior > 5", 7, "as in prior.count(5m)"},
                    Wrong{"prior.amount > 5", 7, "'prior.' stands before an aggregate only"},
                    Wrong{"count > 5", 1, "needs its window, as in count(5m)"},
                    Wrong{"distinct > 5", 1, "as in distinct(location, 5m)"}));

INSTANTIATE_TEST_SUITE_P(
    Tokens, Mistakes,
    testing::Values(
        Wrong{"amount = 5", 8, "write == to compare"}, Wrong{"amount === 5", 8, "write =="},
        Wrong{"amount <> 5", 8, "write !="}, Wrong{"amount => 5", 8, "write >="}, Wrong{"amount =< 5", 8, "write <="},
        Wrong{"true && true", 6, "'&&' is not part of the language; write and"},
        Wrong{"true | true", 6, "'|' is not part of the language; write or"}, Wrong{"!true", 1, "write not"},
        Wrong{"merchant == \"x", 13, "is not closed"}, Wrong{"merchant == “x”", 13, "straight quotes"},
        Wrong{R"(merchant == "\q")", 14, "unknown escape"}, Wrong{R"(merchant == "\u12")", 14, "four hex digits"},
        Wrong{R"(merchant == "\ud800")", 14, "four hex digits"},
        Wrong{R"(merchant == "\ud800\u0041")", 14, "four hex digits"}, Wrong{R"(merchant == "\)", 14, "unknown escape"},
        Wrong{"amount > 5.", 10, "no digit behind its point"}, Wrong{"amount > .5", 10, "expected a value"},
        Wrong{"amount > 1e5", 10, "'1e5' is not a number"}, Wrong{"amount > 1_000", 10, "is not a number"},
        Wrong{"amount > 0123", 10, "begins with a 0"},
        Wrong{"amount > 1234567890.123456789", 10, "more than 18 digits"},
        Wrong{"amount > 5 % 2", 12, "'%' does not belong"}, Wrong{"amount > é", 10, "'é' does not belong"},
        Wrong{"", 1, "here the expression ends"}, Wrong{"amount >", 9, "here the expression ends"},
        Wrong{"(amount > 5", 12, "expected ')'"}, Wrong{"amount > 5)", 11, "closes nothing"},
        Wrong{"amount > 5 merchant == 'x'", 12, "expected an operator"},
        Wrong{"amount > 5m", 10, "duration 5m stands where a value is wanted"}));

INSTANTIATE_TEST_SUITE_P(
    Operators, Mistakes,
    testing::Values(
        Wrong{"1 < amount < 5", 12, "comparisons do not chain"}, Wrong{"amount == 1 == true", 13, "do not chain"},
        Wrong{"amount in [1] == true", 15, "do not chain"},
        Wrong{"amount > 'x'", 8, "amount is a number, \"x\" is a text; both sides"},
        Wrong{"amount > '5000'", 8, "write the number without quotes"},
        Wrong{"merchant == 5", 10, "merchant is a text, the number is a number"},
        Wrong{"merchant < 'x'", 10, "texts compare with == and != only"},
        Wrong{"(amount > 5) == true", 14, "conditions are not compared"},
        Wrong{"amount == (amount > 5)", 8, "'==' can't compare"},
        Wrong{"amount > null", 8, "null compares with == and != only"},
        Wrong{"null == null", 6, "null is compared with null"}, Wrong{"(amount > 5) == null", 14, "never null"},
        Wrong{"amount + null > 1", 8, "null compares"}, Wrong{"null in [1]", 6, "null compares"},
        Wrong{"merchant contains null", 10, "null compares"}, Wrong{"-null > 1", 1, "needs a number, and null is null"},
        Wrong{"merchant + 'x' == 'y'", 10, "'+' needs numbers, and merchant is a text"},
        Wrong{"-merchant == 'y'", 1, "'-' needs a number, and merchant is a text"},
        Wrong{"amount and true", 8, "'and' joins conditions, and amount is a number"},
        Wrong{"true or merchant", 6, "'or' joins conditions, and merchant is a text"},
        Wrong{"not amount", 1, "'not' turns a condition round"}, Wrong{"null and true", 6, "'and' joins conditions"},
        Wrong{"amount contains 'x'", 8, "needs a text on both sides, and amount is a number"},
        Wrong{"merchant starts_with 5", 10, "needs a text on both sides"},
        Wrong{"merchant in 'x'", 13, "a list of literals in brackets"},
        Wrong{"merchant in []", 14, "a text or number literal"},
        Wrong{"merchant in ['a', 5]", 19, "literals of one kind; the first is a text, this is a number"},
        Wrong{"merchant in [5]", 10, "merchant is a text"}, Wrong{"amount in ['5']", 8, "amount is a number"},
        Wrong{"(amount > 5) in [1]", 14, "'in' looks"}, Wrong{"merchant in [location]", 14, "a text or number literal"},
        Wrong{"merchant in ['a'", 17, "',' or ']'"}, Wrong{"amount in [-'a']", 13, "expected a number"},
        Wrong{"amount * amount * amount > 1", 17, "54 digits, more than the 38 that stay exact; divide one side by 1"},
        Wrong{"amount * amount + 0.000000000001 > 1", 17, "41 digits"},
        Wrong{"sum(amount, 5m) * 1234567890 > 0.1234567890123456", 30, "a side of '>' could have 50 digits"},
        Wrong{"amount * amount in [0.1234567890123]", 17, "a side of 'in' could have 41 digits"}));

INSTANTIATE_TEST_SUITE_P(
    Aggregates, Mistakes,
    testing::Values(
        Wrong{"count(5x) > 1", 7, "'5x' is not a duration; write a whole number and one of s m h d, as in 5m"},
        Wrong{"count(5) > 1", 7, "'5' is not a duration"}, Wrong{"count(1.5h) > 1", 7, "'1.5h' is not a duration"},
        Wrong{"count(0m) > 1", 7, "longer than nothing"}, Wrong{"count(3661d) > 1", 7, "the longest duration is 3660d"},
        Wrong{"count() > 1", 7, "expected the window, a duration as in count(5m)"},
        Wrong{"count(amount, 5m) > 1", 7, "expected the window"},
        Wrong{"sum(5m, amount) > 1", 5, "comes before the window, as in sum(amount, 5m)"},
        Wrong{"sum(amount) > 1", 11, "',' and the window, as in sum(amount, 5m)"},
        Wrong{"sum(amount, status == 'FAILED', 5m) > 1", 13, "expected the window"},
        Wrong{"sum(amount > 5, 5m) > 1", 12, "a condition comes last"},
        Wrong{"sum((amount > 5), 5m) > 1", 5, "a condition comes last"},
        Wrong{"sum(merchant, 5m) > 1", 5, "distinct(merchant, 5m) counts different ones"},
        Wrong{"sum(amount / 2, 5m) > 1", 12, "divide outside, as in sum(amount, 5m) / 2"},
        Wrong{"sum(amount * 2, 5m) > 1", 5, "19 digits, more than 18"},
        Wrong{"max(null, 5m) > 1", 5, "'max' takes numbers, and null is null"},
        Wrong{"distinct(hour + 1, 5m) > 1", 10, "the name of one field"},
        Wrong{"distinct('x', 5m) > 1", 10, "the name of one field"},
        Wrong{"distinct(true, 5m) > 1", 10, "the name of one field"},
        Wrong{"distinct(this.merchant, 5m) > 1", 10, "the name of one field"},
        Wrong{"distinct(mrchant, 5m) > 1", 10, "did you mean 'merchant'?"},
        Wrong{"sum(this.amount, 5m) > 1", 5, "only in an aggregate's condition"},
        Wrong{"sum(last.amount, 5m) > 1", 5, "'last.' can't stand inside an aggregate"},
        Wrong{"sum(since_last, 5m) > 1", 5, "since_last can't stand inside an aggregate"},
        Wrong{"sum(count(5m), 5m) > 1", 5, "'count' can't stand inside another aggregate"},
        Wrong{"count(5m, count(5m) > 1) > 1", 11, "can't stand inside another aggregate"},
        Wrong{"count(5m, prior.count(5m) > 1) > 1", 11, "can't stand inside another aggregate"},
        Wrong{"count(5m, last.amount > 1) > 1", 11, "'last.' can't stand inside an aggregate"},
        Wrong{"count(5m, since_last > 1) > 1", 11, "since_last can't stand"},
        Wrong{"count(5m, amount) > 1", 11, "is a condition, and this is a number"},
        Wrong{"count(5m, this.amunt > 1) > 1", 16, "did you mean 'amount'?"},
        Wrong{"count(5m, true, true) > 1", 15, "expected ')'"},
        Wrong{"count(5m true) > 1", 10, "')', or ',' and a condition"}, Wrong{"count(5m", 9, "')', or ','"}));

TEST(Depth, IsBounded) {
  const auto repeat = [](std::string_view text, int times) {
    std::string result;
    for (int i = 0; i < times; ++i) result += text;
    return result;
  };
  EXPECT_EQ(refusal(repeat("(", 150) + "true" + repeat(")", 150)), "accepted");
  EXPECT_EQ(refusal(repeat("not ", 150) + "true"), "accepted");
  EXPECT_EQ(refusal("true" + repeat(" or true", 150)), "accepted");
  for (const std::string& deep : {repeat("(", 100'000), repeat("not ", 100'000) + "true",
                                  repeat("-", 100'000) + "1 > 0", "true" + repeat(" or true", 100'000),
                                  "1" + repeat(" + 1", 100'000) + " > 0", "amount in [" + repeat("(", 100'000)}) {
    EXPECT_THAT(refusal(deep),
                testing::AnyOf(HasSubstr("more than 200 deep"), HasSubstr("digits"), HasSubstr("literal")))
        << deep.substr(0, 20);
  }
}

}  // namespace
}  // namespace bank::rules

//! Rows of every type, in every shape, beside the line that a batch writes of the same entry.
#![allow(missing_docs)]

use arrow_array::builder::{BinaryViewBuilder, StringViewBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int32Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{
    Array, ArrayRef, BinaryArray, DictionaryArray, FixedSizeBinaryArray, Int64Array, LargeBinaryArray,
    LargeStringArray, NullArray, PrimitiveArray, RecordBatch, StringArray, new_empty_array,
};
use arrow_schema::DataType;
use std::path::Path;
use std::sync::Arc;
use veritee_columnar::{
    COLUMNS, ColumnError, Reports, VERSION, VERSION_KEY, judge, learn, schema, spark_schema,
};
use veritee_model::{Budget, UnixTime};
use veritee_offline::{AsOf, File, Rules, Run};

const BUDGET: &Budget = &Budget::STANDARD;

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../test-vectors").join(name)).unwrap()
}

fn run(collateral: &[File<'_>], policy: Option<&[u8]>, as_of: u64) -> Run {
    let as_of = AsOf::At(UnixTime::from_seconds(as_of));
    Run::new(&Rules { collateral, gpu_collateral: &[], policy, as_of, budget: BUDGET }).unwrap()
}

fn of_quotes() -> Run {
    let bytes = vector("quote/tdx_quote.collateral.json");
    run(&[File { name: "collateral", bytes: &bytes }], None, 1_752_833_762)
}

fn of_quickstart() -> Run {
    let as_of = UnixTime::parse("2026-03-15T00:00:00Z").unwrap().seconds();
    run(&[], Some(&vector("quickstart/policy.toml")), as_of)
}

fn codes(batch: &RecordBatch) -> Vec<i32> {
    batch.column(0).as_primitive::<Int32Type>().values().to_vec()
}

fn text(batch: &RecordBatch, name: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(name).unwrap().as_string::<i32>();
    column.is_valid(row).then(|| column.value(row).to_owned())
}

/// The same rows in every type that can hold them.
fn every_type(rows: &[Option<&[u8]>], texts: &[Option<&str>]) -> Vec<ArrayRef> {
    let mut views = BinaryViewBuilder::new();
    rows.iter().for_each(|row| views.append_option(*row));
    let mut string_views = StringViewBuilder::new();
    texts.iter().for_each(|row| string_views.append_option(*row));
    vec![
        Arc::new(BinaryArray::from(rows.to_vec())),
        Arc::new(LargeBinaryArray::from(rows.to_vec())),
        Arc::new(views.finish()),
        Arc::new(StringArray::from(texts.to_vec())),
        Arc::new(LargeStringArray::from(texts.to_vec())),
        Arc::new(string_views.finish()),
    ]
}

#[test]
fn every_type_for_bytes_and_text_gives_the_same_answers_plain_sliced_and_as_dictionary() {
    let run = of_quotes();
    let quote = vector("quote/tdx_quote.bin");
    let hex: String = quote.iter().map(|byte| format!("{byte:02x}")).collect();
    let rows: [Option<&[u8]>; 5] = [Some(b"bad"), Some(&quote), None, Some(&quote), Some(b"")];
    let texts = [Some("bad"), Some(hex.as_str()), None, Some(hex.as_str()), Some("")];
    let wanted = [3, 0, 3, 0, 3];
    for array in every_type(&rows, &texts) {
        let whole = judge(&run, &array, Reports::Left, BUDGET).unwrap();
        assert_eq!(codes(&whole), wanted, "{}", array.data_type());
        for begin in 0..5 {
            let slice = array.slice(begin, 5 - begin);
            assert_eq!(codes(&judge(&run, &slice, Reports::Left, BUDGET).unwrap()), wanted[begin..]);
        }
        let keys: PrimitiveArray<Int8Type> =
            [Some(1_i8), None, Some(4), Some(2), Some(1)].into_iter().collect();
        let dictionary = DictionaryArray::<Int8Type>::new(keys, Arc::clone(&array));
        assert_eq!(codes(&judge(&run, &dictionary, Reports::Left, BUDGET).unwrap()), [0, 3, 3, 3, 0]);
        let keys: PrimitiveArray<UInt64Type> = [Some(3_u64), Some(0)].into_iter().collect();
        let dictionary = DictionaryArray::<UInt64Type>::new(keys, array.slice(0, 4));
        assert_eq!(codes(&judge(&run, &dictionary, Reports::Left, BUDGET).unwrap()), [0, 3]);
    }
    let nulls = judge(&run, &NullArray::new(2), Reports::Left, BUDGET).unwrap();
    assert_eq!(codes(&nulls), [3, 3]);
    assert_eq!(text(&nulls, "error_code", 1).unwrap(), "evidence-null");
}

#[test]
fn another_type_is_refused_by_its_name_and_an_empty_column_has_the_schema() {
    let run = of_quotes();
    let wrong: [ArrayRef; 3] = [
        Arc::new(Int64Array::from(vec![1])),
        Arc::new(FixedSizeBinaryArray::try_from_iter([b"abcd"].into_iter()).unwrap()),
        new_empty_array(&DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int64))),
    ];
    for array in wrong {
        let error = judge(&run, &array, Reports::Left, BUDGET).unwrap_err();
        assert!(matches!(error, ColumnError::Type { .. }), "{error}");
        assert!(error.to_string().contains(&array.data_type().to_string()), "{error}");
    }
    for reports in [Reports::Left, Reports::Kept] {
        let empty = judge(&run, &new_empty_array(&DataType::BinaryView), reports, BUDGET).unwrap();
        assert_eq!((empty.num_rows(), empty.schema()), (0, schema(reports)));
        assert_eq!(empty.schema().metadata().get(VERSION_KEY).map(String::as_str), Some(VERSION));
        // Two columns of Spark's type are divided by a comma, and so is nothing else there.
        let spark = spark_schema(reports);
        let names: Vec<&str> = spark.split(", ").filter_map(|column| column.split(' ').next()).collect();
        let schema = schema(reports);
        assert_eq!(names, schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>());
    }
    assert_eq!(COLUMNS.last().map(|(name, ..)| *name), Some("report"));
}

/// The line of a batch and the columns of the row say the same, member by member.
#[test]
fn a_row_says_what_the_line_of_the_same_entry_says() {
    let evidence = vector("quickstart/evidence-without-gpus.json");
    for (run, rows) in [
        (of_quickstart(), vec![evidence, vector("quickstart/gateway.json"), vector("quote/tdx_quote.bin")]),
        (of_quotes(), vec![vector("quote/tdx_quote.bin"), vector("quote/tdx_quote_outdated.bin")]),
    ] {
        let mut run = run;
        let array = BinaryArray::from_iter_values(&rows);
        learn(&mut run, &array).unwrap();
        let batch = judge(&run, &array, Reports::Kept, BUDGET).unwrap();
        for (row, bytes) in rows.iter().enumerate() {
            let line = serde_json::to_value(run.judge(bytes).unwrap()).unwrap();
            assert_same(&batch, row, &line);
            let report = batch.column_by_name("report").unwrap().as_string::<i64>().value(row);
            let report: serde_json::Value = serde_json::from_str(report).unwrap();
            assert_eq!(report["verdict"]["exit_code"], line["exit_code"]);
            assert_eq!(report["verdict"]["reasons"], line["reasons"]);
        }
    }
}

fn assert_same(batch: &RecordBatch, row: usize, line: &serde_json::Value) {
    let registers = ["mrtd", "rtmr0", "rtmr1", "rtmr2", "rtmr3"];
    for field in batch.schema().fields() {
        let name = field.name().as_str();
        let member = if let Some(index) = registers.iter().position(|register| *register == name) {
            line["registers"].get(index).cloned().unwrap_or_default()
        } else if let Some(severity) = name.strip_prefix("findings_") {
            let counted =
                line.get("findings").map(|counts| counts.get(severity).cloned().unwrap_or(0.into()));
            counted.unwrap_or_default()
        } else {
            line.get(name).cloned().unwrap_or_default()
        };
        let column = batch.column_by_name(name).unwrap();
        let got = match field.data_type() {
            DataType::Utf8 if column.is_valid(row) => column.as_string::<i32>().value(row).into(),
            DataType::Int32 if column.is_valid(row) => column.as_primitive::<Int32Type>().value(row).into(),
            DataType::List(_) => {
                let texts = column.as_list::<i32>().value(row);
                let texts = texts.as_string::<i32>().iter().map(|text| text.unwrap().into()).collect();
                if line.get(name).is_none() {
                    assert_eq!(texts, Vec::<serde_json::Value>::new(), "{name}");
                    continue;
                }
                serde_json::Value::Array(texts)
            }
            DataType::Timestamp(..) if column.is_valid(row) => {
                let micros = column.as_primitive::<TimestampMicrosecondType>().value(row);
                UnixTime::from_seconds(u64::try_from(micros / 1_000_000).unwrap()).to_string().into()
            }
            _ if name == "report" => continue,
            _ => serde_json::Value::Null,
        };
        // What is inert in a column is escaped in a line.
        if !got.to_string().contains("\\\\") {
            assert_eq!(got, member, "{name} of row {row}");
        }
    }
}

#[test]
fn what_was_heard_in_one_part_of_a_table_is_known_in_another_whatever_the_order() {
    let evidence = vector("quickstart/evidence-without-gpus.json");
    let gateway = vector("quickstart/gateway.json");
    let rows = [evidence.as_slice(), &gateway];
    let (mut one, mut two) = (of_quickstart(), of_quickstart());
    let before = one.name().to_owned();
    let pieces = learn(&mut one, &BinaryArray::from_iter_values(rows)).unwrap();
    assert!(!pieces.is_empty() && one.name() != before);
    assert!(learn(&mut one, &BinaryArray::from_iter_values(rows)).unwrap().is_empty());
    // From elsewhere, twice, in another order, behind white space.
    let spaced: Vec<Vec<u8>> = pieces.iter().rev().map(|piece| [b" \n", piece.as_slice()].concat()).collect();
    learn(&mut two, &BinaryArray::from_iter_values(&pieces[..1])).unwrap();
    learn(&mut two, &BinaryArray::from_iter_values(&spaced)).unwrap();
    assert_eq!(one.name(), two.name());
    let array = BinaryArray::from_iter_values(rows);
    let answers = |run: &Run| judge(run, &array, Reports::Left, BUDGET).unwrap();
    assert_eq!(answers(&one), answers(&two));
}

#[test]
fn hostile_rows_are_rows() {
    let run = of_quotes();
    let deep = vec![b'['; 200_000];
    let escape = b"{\"name\": \"\\u001b[2J\\u202e\", \"quote\": \"00\"}";
    let rows: Vec<&[u8]> = vec![&deep, escape, b"\xff\xfe", b"\0", b"{}", b"null", b"\x04\x00"];
    let batch = judge(&run, &BinaryArray::from_iter_values(&rows), Reports::Kept, BUDGET).unwrap();
    assert_eq!(batch.num_rows(), rows.len());
    for (row, code) in codes(&batch).into_iter().enumerate() {
        assert_ne!(code, 0, "row {row}");
        let told = text(&batch, "error", row).or_else(|| text(&batch, "detail", row));
        assert!(told.is_some_and(|told| !told.chars().any(char::is_control)), "row {row}");
    }
    let mut small = Budget::STANDARD;
    small.input_bytes = 16;
    let batch = judge(&run, &BinaryArray::from_iter_values([[b' '; 17]]), Reports::Left, &small).unwrap();
    assert_eq!(text(&batch, "error_code", 0).unwrap(), "evidence-too-large");
}

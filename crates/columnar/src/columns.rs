//! The columns of an answer: names, types, meaning, and how a row fills them.

use crate::{ColumnError, Reports};
use arrow_array::builder::{
    Int32Builder, LargeStringBuilder, ListBuilder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use std::collections::HashMap;
use std::sync::Arc;
use veritee_model::text::inert;
use veritee_model::{ExitCode, Reason, Severity, UnixTime};
use veritee_offline::Run;
use veritee_offline::entry::Judged;

/// The version of the columns. Within it, columns are only added behind the last; `report`, where it is asked for, is last.
pub const VERSION: &str = "1";
/// Where a schema's metadata has it.
pub const VERSION_KEY: &str = "veritee.columns";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Text.
    Text,
    /// Text that may be long.
    LongText,
    /// Texts.
    Texts,
    /// A number of 32 bits.
    Number,
    /// A time in microseconds, UTC.
    Time,
}

/// Every column with what it says, in its order, the last only where reports are kept.
#[rustfmt::skip]
pub const COLUMNS: &[(&str, Form, &str)] = &[
    ("exit_code", Form::Number, "as the program would end; 3 where the row has no verdict. Never null"),
    ("outcome", Form::Text, "verified, not-genuine, refused, findings or incomplete; null where there is no verdict"),
    ("reasons", Form::Texts, "reason codes, the gravest first"),
    ("detail", Form::Text, "what the gravest check says"),
    ("error_code", Form::Text, "why there is no verdict: a reason code, or evidence-null"),
    ("error", Form::Text, "the same in words"),
    ("kind", Form::Text, "quote: judged as `quote verify` does; evidence: as `verify` does"),
    ("key", Form::Text, "what the entry calls itself: its member id or name"),
    ("sha256", Form::Text, "of the entry"),
    ("signed_sha256", Form::Text, "identity of the quote"),
    ("tcb_status", Form::Text, "of a genuine quote"),
    ("tcb_date", Form::Time, "oldest date of the TCB levels that matched"),
    ("advisories", Form::Texts, "of a genuine quote"),
    ("fmspc", Form::Text, "of a genuine quote"),
    ("app_id", Form::Text, "of a log that replays"),
    ("compose_hash", Form::Text, "of a log that replays"),
    ("key_provider", Form::Text, "of a log that replays"),
    ("mrtd", Form::Text, "of a TDX quote that can be read"),
    ("rtmr0", Form::Text, "the same"),
    ("rtmr1", Form::Text, "the same"),
    ("rtmr2", Form::Text, "the same"),
    ("rtmr3", Form::Text, "the same"),
    ("report_data", Form::Text, "of a quote that can be read"),
    ("freshness", Form::Text, "shown or not-shown; of evidence"),
    ("stage", Form::Text, "the DevProof line; of audited evidence, as the next five"),
    ("findings_critical", Form::Number, "findings that nobody has answered"),
    ("findings_high", Form::Number, "the same"),
    ("findings_medium", Form::Number, "the same"),
    ("findings_low", Form::Number, "the same"),
    ("findings_info", Form::Number, "the same"),
    ("notices", Form::Texts, "codes of remarks that change no verdict"),
    ("not_read", Form::Texts, "what the entry holds that is not judged"),
    ("collateral_passed_over", Form::Texts, "collateral that could not be used"),
    ("decided_by", Form::Texts, "which collateral decided and who gave it, where the entry brought some"),
    ("loosened", Form::Texts, "what the policy lets pass"),
    ("as_of", Form::Time, "the time of the verdict"),
    ("run", Form::Text, "a name for policy, time, root, engines and collateral of the run"),
    ("report", Form::LongText, "the whole report as JSON; only where it is asked for"),
];

impl Form {
    fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::LongText => DataType::LargeUtf8,
            Self::Texts => DataType::List(Arc::new(Field::new_list_field(DataType::Utf8, true))),
            Self::Number => DataType::Int32,
            Self::Time => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    const fn spark(self) -> &'static str {
        match self {
            Self::Text | Self::LongText => "STRING",
            Self::Texts => "ARRAY<STRING>",
            Self::Number => "INT",
            Self::Time => "TIMESTAMP",
        }
    }
}

fn wanted(reports: Reports) -> impl Iterator<Item = &'static (&'static str, Form, &'static str)> {
    COLUMNS.iter().filter(move |(_, form, _)| reports == Reports::Kept || *form != Form::LongText)
}

/// The schema of an answer. Its metadata names the [`VERSION`].
#[must_use]
pub fn schema(reports: Reports) -> SchemaRef {
    let fields: Vec<Field> = wanted(reports)
        .map(|(name, form, _)| Field::new(*name, form.data_type(), *name != "exit_code"))
        .collect();
    let metadata = HashMap::from([(VERSION_KEY.to_owned(), VERSION.to_owned())]);
    Arc::new(Schema::new_with_metadata(fields, metadata))
}

/// The same in the words of Spark's SQL, where columns are taken by their position.
#[must_use]
pub fn spark_schema(reports: Reports) -> String {
    let columns: Vec<String> =
        wanted(reports).map(|(name, form, _)| format!("{name} {}", form.spark())).collect();
    columns.join(", ")
}

/// What a row says in one column.
enum Value<'a> {
    Null,
    Text(&'a str),
    Owned(String),
    Texts(Vec<&'a str>),
    Number(i32),
    Time(UnixTime),
}

impl<'a> Value<'a> {
    fn text(text: Option<&'a str>) -> Self {
        text.map_or(Self::Null, Value::Text)
    }

    fn shown(value: Option<impl ToString>) -> Self {
        value.map_or(Self::Null, |value| Self::Owned(value.to_string()))
    }

    fn texts(texts: &'a [String]) -> Self {
        Self::Texts(texts.iter().map(String::as_str).collect())
    }

    fn time(time: Option<UnixTime>) -> Self {
        time.map_or(Self::Null, Value::Time)
    }
}

enum Builder {
    Text(StringBuilder),
    LongText(LargeStringBuilder),
    Texts(ListBuilder<StringBuilder>),
    Number(Int32Builder),
    Time(TimestampMicrosecondBuilder),
}

/// One column while it grows, with the bytes of its text.
struct Column {
    name: &'static str,
    builder: Builder,
    bytes: usize,
}

impl Column {
    fn new(name: &'static str, form: Form, rows: usize) -> Self {
        // Room for the rows of one batch of any engine; a larger one grows.
        let rows = rows.min(8192);
        let builder = match form {
            Form::Text => Builder::Text(StringBuilder::with_capacity(rows, 0)),
            Form::LongText => Builder::LongText(LargeStringBuilder::new()),
            Form::Texts => Builder::Texts(ListBuilder::with_capacity(StringBuilder::new(), rows)),
            Form::Number => Builder::Number(Int32Builder::with_capacity(rows)),
            Form::Time => {
                Builder::Time(TimestampMicrosecondBuilder::with_capacity(rows).with_timezone("UTC"))
            }
        };
        Self { name, builder, bytes: 0 }
    }

    /// Room for so many more bytes: offsets have 32 bits.
    fn room(&mut self, more: usize) -> Result<(), ColumnError> {
        let most = usize::try_from(i32::MAX).unwrap_or(usize::MAX);
        let bytes = self.bytes.saturating_add(more);
        if bytes > most {
            return Err(ColumnError::TooLong { column: self.name });
        }
        self.bytes = bytes;
        Ok(())
    }

    fn push(&mut self, value: &Value<'_>) -> Result<(), ColumnError> {
        // What one row adds at most, before a byte of it is copied. A list's entries count too: its offsets are as short.
        let more = match (value, &self.builder) {
            (_, Builder::LongText(_)) => 0,
            (Value::Text(text), _) => text.len(),
            (Value::Owned(text), _) => text.len(),
            (Value::Texts(texts), _) => {
                texts.iter().map(|text| text.len().saturating_add(1)).fold(0, usize::saturating_add)
            }
            _ => 0,
        };
        self.room(more)?;
        match (&mut self.builder, value) {
            (Builder::Text(builder), Value::Text(text)) => builder.append_value(text),
            (Builder::Text(builder), Value::Owned(text)) => builder.append_value(text),
            (Builder::Text(builder), _) => builder.append_null(),
            (Builder::LongText(builder), Value::Owned(text)) => builder.append_value(text),
            (Builder::LongText(builder), _) => builder.append_null(),
            (Builder::Texts(builder), Value::Texts(texts)) => {
                texts.iter().for_each(|text| builder.values().append_value(text));
                builder.append(true);
            }
            (Builder::Texts(builder), _) => builder.append(false),
            (Builder::Number(builder), Value::Number(number)) => builder.append_value(*number),
            (Builder::Number(builder), _) => builder.append_null(),
            (Builder::Time(builder), Value::Time(time)) => builder.append_option(micros(*time)),
            (Builder::Time(builder), _) => builder.append_null(),
        }
        Ok(())
    }

    fn finish(self) -> ArrayRef {
        match self.builder {
            Builder::Text(mut builder) => Arc::new(builder.finish()),
            Builder::LongText(mut builder) => Arc::new(builder.finish()),
            Builder::Texts(mut builder) => Arc::new(builder.finish()),
            Builder::Number(mut builder) => Arc::new(builder.finish()),
            Builder::Time(mut builder) => Arc::new(builder.finish()),
        }
    }
}

/// Beyond what the type holds there is no time.
fn micros(time: UnixTime) -> Option<i64> {
    i64::try_from(time.seconds()).ok()?.checked_mul(1_000_000)
}

/// All columns of an answer while it grows.
pub(crate) struct Builders {
    reports: Reports,
    columns: Vec<Column>,
}

impl Builders {
    pub(crate) fn new(reports: Reports, rows: usize) -> Self {
        let columns = wanted(reports).map(|(name, form, _)| Column::new(name, *form, rows)).collect();
        Self { reports, columns }
    }

    /// A row: each column asks for its value by name.
    fn row<'v>(&mut self, value: impl Fn(&str) -> Value<'v>) -> Result<(), ColumnError> {
        self.columns.iter_mut().try_for_each(|column| column.push(&value(column.name)))
    }

    fn without_verdict(&mut self, code: &str, error: &str, sha256: Option<&str>) -> Result<(), ColumnError> {
        let error = inert(error);
        self.row(|name| match name {
            "exit_code" => Value::Number(i32::from(ExitCode::Unobtainable.code())),
            "error_code" => Value::Text(code),
            "error" => Value::Text(&error),
            "sha256" => Value::text(sha256),
            _ => Value::Null,
        })
    }

    /// A row that holds nothing.
    pub(crate) fn push_null(&mut self) -> Result<(), ColumnError> {
        self.without_verdict("evidence-null", "the row is null: there is nothing to judge", None)
    }

    /// A row that is longer than any evidence: not a byte of it is looked at.
    pub(crate) fn push_too_long(&mut self, length: usize, most: usize) -> Result<(), ColumnError> {
        let error = format!("the row is of {length} bytes, more than {most}");
        self.without_verdict(Reason::EvidenceTooLarge.code(), &error, None)
    }

    /// A row that holds these bytes.
    pub(crate) fn push(&mut self, run: &Run, bytes: &[u8]) -> Result<(), ColumnError> {
        let judged = match run.judge(bytes) {
            Ok(judged) => judged,
            Err(broken) => {
                let sha256 = broken.sha256.to_string();
                return self.without_verdict(broken.code, &broken.message, Some(&sha256));
            }
        };
        let report = match self.reports {
            Reports::Left => None,
            Reports::Kept => {
                let report = run.report_of_row(bytes);
                report.ok().map(|report| veritee_report::json(&report))
            }
        };
        let report = report.as_deref();
        let inert_judged = Inert::of(&judged);
        self.row(|name| value(name, &judged, &inert_judged, report))
    }

    pub(crate) fn finish(self) -> Result<RecordBatch, ColumnError> {
        let arrays: Vec<ArrayRef> = self.columns.into_iter().map(Column::finish).collect();
        RecordBatch::try_new(schema(self.reports), arrays).map_err(ColumnError::Batch)
    }
}

/// What an entry's author may have written, made inert.
struct Inert {
    key: Option<String>,
    detail: Option<String>,
    key_provider: Option<String>,
    not_read: Vec<String>,
    passed_over: Vec<String>,
    decided_by: Vec<String>,
    loosened: Vec<String>,
    advisories: Vec<String>,
}

impl Inert {
    fn of(judged: &Judged) -> Self {
        let one = |text: &Option<String>| text.as_deref().map(inert);
        let all = |texts: &[String]| texts.iter().map(|text| inert(text)).collect();
        Self {
            key: one(&judged.key),
            detail: one(&judged.detail),
            key_provider: one(&judged.key_provider),
            not_read: all(&judged.not_read),
            passed_over: all(&judged.collateral_passed_over),
            decided_by: all(&judged.decided_by),
            loosened: all(&judged.loosened),
            advisories: all(judged.advisories.as_deref().unwrap_or_default()),
        }
    }
}

fn value<'v>(name: &str, judged: &'v Judged, inert: &'v Inert, report: Option<&'v str>) -> Value<'v> {
    let register = |index: usize| {
        Value::text(judged.registers.as_ref().and_then(|all| all.get(index)).map(String::as_str))
    };
    match name {
        "exit_code" => Value::Number(i32::from(judged.exit_code)),
        "outcome" => Value::Text(judged.outcome.name()),
        "reasons" => Value::texts(&judged.reasons),
        "detail" => Value::text(inert.detail.as_deref()),
        "kind" => Value::Text(judged.kind),
        "key" => Value::text(inert.key.as_deref()),
        "sha256" => Value::shown(judged.sha256),
        "signed_sha256" => Value::shown(judged.signed_sha256),
        "tcb_status" => Value::text(judged.tcb_status.map(|status| status.name())),
        "tcb_date" => Value::time(judged.tcb_date),
        "advisories" => Value::texts(&inert.advisories),
        "fmspc" => Value::shown(judged.fmspc),
        "app_id" => Value::text(judged.app_id.as_deref()),
        "compose_hash" => Value::text(judged.compose_hash.as_deref()),
        "key_provider" => Value::text(inert.key_provider.as_deref()),
        "mrtd" => register(0),
        "rtmr0" => register(1),
        "rtmr1" => register(2),
        "rtmr2" => register(3),
        "rtmr3" => register(4),
        "report_data" => Value::text(judged.report_data.as_deref()),
        "freshness" => Value::text(judged.freshness),
        "stage" => Value::text(judged.stage.as_deref()),
        "findings_critical" => count(judged, Severity::Critical),
        "findings_high" => count(judged, Severity::High),
        "findings_medium" => count(judged, Severity::Medium),
        "findings_low" => count(judged, Severity::Low),
        "findings_info" => count(judged, Severity::Info),
        "notices" => Value::Texts(judged.notices.clone()),
        "not_read" => Value::texts(&inert.not_read),
        "collateral_passed_over" => Value::texts(&inert.passed_over),
        "decided_by" => Value::texts(&inert.decided_by),
        "loosened" => Value::texts(&inert.loosened),
        "as_of" => Value::time(judged.as_of),
        "run" => Value::Text(&judged.run),
        "report" => report.map_or(Value::Null, |text| Value::Owned(text.to_owned())),
        _ => Value::Null,
    }
}

/// Findings of a severity; nothing where the compose was not audited.
fn count(judged: &Judged, severity: Severity) -> Value<'_> {
    judged.findings.as_ref().map_or(Value::Null, |findings| {
        let count = findings.get(severity.name()).copied().unwrap_or_default();
        Value::Number(i32::try_from(count).unwrap_or(i32::MAX))
    })
}

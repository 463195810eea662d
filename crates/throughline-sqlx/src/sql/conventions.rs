//! The statements by which the semantic conventions say what to record.
//!
//! Source: semantic conventions, docs/non-normative/database-test-cases. Where they allow more
//! than one text, ours stands here. One is left out on purpose: it gives `UPDATE T SET …` the
//! summary `UPDATE`, against the conventions' own text, by which the targets are part of it.

use super::{Dialect, sanitise, summarise};

/// Statement, text, summary; of no system in particular.
const ANY: &[(&str, &str, &str)] = &[
    // Numbers and strings.
    ("SELECT 12, -12, +12", "SELECT ?, ?, ?", "SELECT"),
    (
        "SELECT 12.34, -12.34, +12.34, .01, -.01",
        "SELECT ?, ?, ?, ?, ?",
        "SELECT",
    ),
    (
        "SELECT 12.34e56, -12.34e56, +12.34e56",
        "SELECT ?, ?, ?",
        "SELECT",
    ),
    (
        "SELECT 12.34e-56, -12.34e-56, +12.34e-56",
        "SELECT ?, ?, ?",
        "SELECT",
    ),
    ("SELECT 99+100", "SELECT ??", "SELECT"),
    ("SELECT 0xDEADBEEF, 0XdeadBEEF", "SELECT ?, ?", "SELECT"),
    ("SELECT 'hello'", "SELECT ?", "SELECT"),
    ("SELECT 'My name''s not important'", "SELECT ?", "SELECT"),
    ("SELECT 'My name is \n not important'", "SELECT ?", "SELECT"),
    (
        "SELECT { guid '01234567-89ab-cdef-0123-456789abcdef' }",
        "SELECT { guid ? }",
        "SELECT",
    ),
    // Names.
    (
        "SELECT c3po, r2d2 FROM covid19 WHERE n1h1=1234",
        "SELECT c3po, r2d2 FROM covid19 WHERE n1h1=?",
        "SELECT covid19",
    ),
    (
        "SELECT a FROM dbo.Table JOIN dbo.AnotherTable",
        "SELECT a FROM dbo.Table JOIN dbo.AnotherTable",
        "SELECT dbo.Table dbo.AnotherTable",
    ),
    (
        "SELECT * FROM SelectedData",
        "SELECT * FROM SelectedData",
        "SELECT SelectedData",
    ),
    // Statements.
    (
        "INSERT INTO X VALUES(1, 23456, 123.456, 99+100)",
        "INSERT INTO X VALUES(?, ?, ?, ??)",
        "INSERT X",
    ),
    (
        "INSERT INTO shipping_details\n(order_id,\naddress)\nSELECT order_id,\naddress\nFROM   orders\nWHERE  order_id = 1",
        "INSERT INTO shipping_details\n(order_id,\naddress)\nSELECT order_id,\naddress\nFROM   orders\nWHERE  order_id = ?",
        "INSERT shipping_details SELECT orders",
    ),
    (
        "SELECT order_date\nFROM   (SELECT *\nFROM   orders o\nJOIN customers c\nON o.customer_id = c.customer_id)",
        "SELECT order_date\nFROM   (SELECT *\nFROM   orders o\nJOIN customers c\nON o.customer_id = c.customer_id)",
        "SELECT SELECT orders customers",
    ),
    (
        "SELEcT order_date\nFROM   (sELECT *\nFROM   orders o\nJOIN customers c\nON o.customer_id = c.customer_id)",
        "SELEcT order_date\nFROM   (sELECT *\nFROM   orders o\nJOIN customers c\nON o.customer_id = c.customer_id)",
        "SELEcT sELECT orders customers",
    ),
    (
        "SELEcT order_date\nFROM ORders",
        "SELEcT order_date\nFROM ORders",
        "SELEcT ORders",
    ),
    (
        "SELECT * FROM Orders o CROSS JOIN OrderDetails od",
        "SELECT * FROM Orders o CROSS JOIN OrderDetails od",
        "SELECT Orders OrderDetails",
    ),
    (
        "SELECT * FROM Orders o, OrderDetails od",
        "SELECT * FROM Orders o, OrderDetails od",
        "SELECT Orders OrderDetails",
    ),
    (
        "SELECT column -- end of line comment\nFROM /* block \n comment */ table",
        "SELECT column \nFROM  table",
        "SELECT table",
    ),
    (
        "SELECT DISTINCT o.Id FROM Orders o JOIN Customers c ON o.CustomerId = c.Id",
        "SELECT DISTINCT o.Id FROM Orders o JOIN Customers c ON o.CustomerId = c.Id",
        "SELECT Orders Customers",
    ),
    (
        "SELECT Id, Name FROM Customers UNION SELECT Id, Name FROM Suppliers ORDER BY Name;",
        "SELECT Id, Name FROM Customers UNION SELECT Id, Name FROM Suppliers ORDER BY Name;",
        "SELECT Customers Suppliers",
    ),
    (
        "SELECT DISTINCT Department, COUNT(*) OVER (PARTITION BY Department) AS DeptCount FROM Employees;",
        "SELECT DISTINCT Department, COUNT(*) OVER (PARTITION BY Department) AS DeptCount FROM Employees;",
        "SELECT Employees",
    ),
    // Lists.
    (
        "SELECT * FROM table WHERE value IN (123, 456, 'abc')",
        "SELECT * FROM table WHERE value IN (?)",
        "SELECT table",
    ),
    (
        "SELECT * FROM table WHERE value IN (-123, .456, 'abc', 0.12, 1e10)",
        "SELECT * FROM table WHERE value IN (?)",
        "SELECT table",
    ),
    (
        "SELECT * FROM table WHERE value IN ('abc', 0xAB, .456,",
        "SELECT * FROM table WHERE value IN (?, ?, ?,",
        "SELECT table",
    ),
    // Parentheses.
    (
        "SELECT * FROM T WHERE Id = COALESCE((123), 0);",
        "SELECT * FROM T WHERE Id = COALESCE((?), ?);",
        "SELECT T",
    ),
    (
        "SELECT CAST((123) AS INT);",
        "SELECT CAST((?) AS INT);",
        "SELECT",
    ),
    (
        "SELECT * FROM T WHERE Amount BETWEEN (10) AND (20);",
        "SELECT * FROM T WHERE Amount BETWEEN (?) AND (?);",
        "SELECT T",
    ),
    (
        "INSERT INTO T (A) VALUES (123)",
        "INSERT INTO T (A) VALUES (?)",
        "INSERT T",
    ),
    // Definitions.
    (
        "CREATE  TABLE MyTable (\n    ID NOT NULL IDENTITY(1,1) PRIMARY KEY\n)",
        "CREATE  TABLE MyTable (\n    ID NOT NULL IDENTITY(?,?) PRIMARY KEY\n)",
        "CREATE TABLE MyTable",
    ),
    (
        "ALTER  TABLE MyTable ADD Name varchar(255)",
        "ALTER  TABLE MyTable ADD Name varchar(?)",
        "ALTER TABLE MyTable",
    ),
    (
        "ALTER  TABLE MyTable 'mypassword' ADD 123 Name varchar(255)",
        "ALTER  TABLE MyTable ? ADD ? Name varchar(?)",
        "ALTER TABLE MyTable",
    ),
    (
        "DROP  TABLE MyTable",
        "DROP  TABLE MyTable",
        "DROP TABLE MyTable",
    ),
    (
        "CREATE TABLE Table (Name VARCHAR(255), Code CHAR(10));",
        "CREATE TABLE Table (Name VARCHAR(?), Code CHAR(?));",
        "CREATE TABLE Table",
    ),
    (
        "CREATE UNIQUE CLUSTERED INDEX IX_Employee_Email ON Employees (Email);",
        "CREATE UNIQUE CLUSTERED INDEX IX_Employee_Email ON Employees (Email);",
        "CREATE INDEX IX_Employee_Email",
    ),
    (
        "CREATE VIEW ActiveUsers AS SELECT * FROM Users WHERE IsActive = 1;",
        "CREATE VIEW ActiveUsers AS SELECT * FROM Users WHERE IsActive = ?;",
        "CREATE VIEW ActiveUsers",
    ),
    (
        "CREATE PROCEDURE GetUserById @UserId INT AS SELECT * FROM Users WHERE Id = @UserId;",
        "CREATE PROCEDURE GetUserById @UserId INT AS SELECT * FROM Users WHERE Id = @UserId;",
        "CREATE PROCEDURE GetUserById",
    ),
    (
        "ALTER TRIGGER trg_AfterInsert ON Employees AFTER INSERT AS BEGIN INSERT INTO AuditLog (EmployeeId, Action) SELECT Id, 'INSERT' FROM inserted; END;",
        "ALTER TRIGGER trg_AfterInsert ON Employees AFTER INSERT AS BEGIN INSERT INTO AuditLog (EmployeeId, Action) SELECT Id, ? FROM inserted; END;",
        "ALTER TRIGGER trg_AfterInsert",
    ),
    (
        "ALTER SCHEMA Reporting TRANSFER dbo.OldTable;",
        "ALTER SCHEMA Reporting TRANSFER dbo.OldTable;",
        "ALTER SCHEMA Reporting",
    ),
    (
        "CREATE SEQUENCE SalesSeq START WITH 1 INCREMENT BY 1;",
        "CREATE SEQUENCE SalesSeq START WITH ? INCREMENT BY ?;",
        "CREATE SEQUENCE SalesSeq",
    ),
    (
        "CREATE USER johndoe WITH PASSWORD = 'password';",
        "CREATE USER johndoe WITH PASSWORD = ?;",
        "CREATE USER johndoe",
    ),
    (
        "DROP ROLE IF EXISTS app_admin;",
        "DROP ROLE IF EXISTS app_admin;",
        "DROP ROLE app_admin",
    ),
    (
        "EXEC GetEmployeeById @EmployeeId = 42;",
        "EXEC GetEmployeeById @EmployeeId = ?;",
        "EXEC GetEmployeeById",
    ),
];

/// Statement, text, summary; of SQL Server.
const SQL_SERVER: &[(&str, &str, &str)] = &[
    (
        "CREATE FUNCTION dbo.GetTotal(@a INT, @b INT) RETURNS INT AS BEGIN RETURN @a + @b; END;",
        "CREATE FUNCTION dbo.GetTotal(@a INT, @b INT) RETURNS INT AS BEGIN RETURN @a + @b; END;",
        "CREATE FUNCTION dbo.GetTotal",
    ),
    (
        "EXEC sp_rename 'OldTable', 'NewTable';",
        "EXEC sp_rename ?, ?;",
        "EXEC sp_rename",
    ),
    (
        "CREATE TABLE Table (Payload VARBINARY(16), EventTime DATETIME2(7), Duration TIME(7));",
        "CREATE TABLE Table (Payload VARBINARY(?), EventTime DATETIME2(?), Duration TIME(?));",
        "CREATE TABLE Table",
    ),
    (
        "SELECT TOP (10) * FROM Employees",
        "SELECT TOP (?) * FROM Employees",
        "SELECT Employees",
    ),
    (
        "SELECT TOP 10 * FROM Employees",
        "SELECT TOP ? * FROM Employees",
        "SELECT Employees",
    ),
];

#[test]
fn the_statements_of_the_conventions_are_recorded_as_they_say() {
    let any = ANY.iter().map(|case| (Dialect::Other, case));
    let server = SQL_SERVER.iter().map(|case| (Dialect::SqlServer, case));
    for (dialect, (sql, text, summary)) in any.chain(server) {
        assert_eq!(sanitise(sql, dialect), *text);
        assert_eq!(summarise(sql, dialect), *summary, "{sql}");
    }
}

#[test]
fn a_summary_that_would_be_too_long_ends_before_its_last_name() {
    let sql = format!("SELECT * FROM {} o, OrderDetails od", "V".repeat(250));
    assert_eq!(summarise(&sql, Dialect::Other), "SELECT");
    assert_eq!(sanitise(&sql, Dialect::Other), sql);
}
